// Whatever a client sends: command lines, parameters, message data. Nothing crashes, nothing grows
// beyond its limit, no reply can be made two, no parameter brings a line end into a queue file, and
// where the input is cut changes nothing.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/base/reply.h"
#include "mta/message/header_collector.h"
#include "mta/smtp/command_parser.h"
#include "mta/smtp/data_decoder.h"
#include "mta/smtp/help_file.h"
#include "mta/smtp/mail_parameters.h"

namespace stagepost {
namespace {

constexpr size_t kMaxHeader = 64;

void CheckReply(const Reply& reply) {
  const std::string text = reply.Format();
  CHECK(text.size() <= 512) << text.size();
  CHECK(absl::EndsWith(text, "\r\n"));
  for (const char c : absl::string_view(text).substr(0, text.size() - 2)) {
    CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) << text;
  }
}

void CheckParameters(absl::string_view text) {
  const std::vector<Parameter> parameters = ParseParameters(text);
  CHECK(parameters.size() <= kMaxParameters + 1);
  MailParameters mail;
  RcptParameters rcpt;
  for (const Parameter& parameter : parameters) {
    CHECK(ParseSize(parameter.value) >= 0);
    if (const auto reply = ReadMailParameter(parameter, {}, mail)) CheckReply(*reply);
    if (const auto reply = ReadRcptParameter(parameter, {}, rcpt)) CheckReply(*reply);
  }
  // What goes into a queue file's line.
  for (const std::string* value : {&mail.envelope_id, &mail.auth, &rcpt.original_recipient}) {
    for (const char c : *value) CHECK(c > ' ' && c < 0x7f) << *value;
  }
}

void CheckCommand(absl::string_view line) {
  const Command command = ParseCommand(line.substr(0, kMaxCommandLine));
  CHECK(!absl::StrContains(command.line, '\0'));
  CheckReply(Reply(500, "5.5.1", Shortened(command.line)));
  (void)IsAcceptableHelo(command.argument);
  for (const absl::string_view keyword : {"FROM", "TO"}) {
    absl::string_view rest = command.argument;
    if (const auto reply = SkipPathKeyword(keyword, rest)) CheckReply(*reply);
  }
  CheckParameters(command.argument);
}

// What the first `cut` bytes of `input` and then the rest become.
std::string DecodeMessage(absl::string_view input, size_t cut) {
  DataDecoder decoder;
  HeaderCollector headers(kMaxHeader);
  std::string body;
  size_t used = 0;
  for (const size_t end : {cut, input.size()}) {
    if (decoder.done() || decoder.fault() != DataDecoder::Fault::kNone) break;
    std::string text;
    used += decoder.Decode(input.substr(used, end - used), text);
    headers.Take(text, body);
  }
  if (decoder.done()) headers.Finish(body);
  std::string result = body + (decoder.done() ? "D" : "M") + (headers.too_large() ? "L" : "S") +
                       static_cast<char>('0' + static_cast<int>(decoder.fault()));
  size_t header_bytes = 0;
  for (const HeaderField& field : headers.header()) {
    CHECK(!field.name.empty());
    header_bytes += field.name.size() + field.value.size();
    result += "\n" + field.name + ":" + field.value;
  }
  CHECK(header_bytes <= kMaxHeader);
  return result;
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  stagepost::CheckCommand(input);
  stagepost::CheckParameters(input.substr(0, stagepost::kMaxCommandLine));
  for (const std::string& line : stagepost::FindHelp(input, "m")) CHECK(line.size() <= size);
  const std::string whole = stagepost::DecodeMessage(input, size);
  for (size_t cut = 0; cut < size && cut < 64; ++cut) {
    CHECK(stagepost::DecodeMessage(input, cut) == whole) << "cut at " << cut;
  }
  return 0;
}
