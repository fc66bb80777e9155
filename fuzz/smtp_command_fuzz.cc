// Whatever a client sends: command lines, addresses, message data. Nothing crashes, nothing grows
// beyond its limit, no reply can be made two, no address is called local while it leads elsewhere,
// and where the input is cut changes nothing.

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/base/reply.h"
#include "mta/message/header_collector.h"
#include "mta/smtp/address.h"
#include "mta/smtp/command_parser.h"
#include "mta/smtp/data_decoder.h"

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

void CheckAddress(absl::string_view path) {
  const std::string address = AddressOfPath(path);
  CHECK(address.size() <= path.size());
  if (std::holds_alternative<AddressError>(CheckAddressLength(address))) return;
  CHECK(address.size() <= kMaxAddressLength);
  const auto resolved = ResolveAddress(
      address, [](absl::string_view domain) { return domain == "h" || domain == "[1.2.3.4]"; });
  const auto* destination = std::get_if<Destination>(&resolved);
  if (destination == nullptr || !destination->local) return;
  // What would be handed to the local mailer must not be an address of somebody else.
  CHECK(!absl::StrContains(destination->user, '@')) << destination->user;
  CHECK(destination->user.find('!', 1) == std::string::npos || destination->user[0] == '!')
      << destination->user;
}

void CheckCommand(absl::string_view line) {
  const Command command = ParseCommand(line.substr(0, kMaxCommandLine));
  CHECK(!absl::StrContains(command.line, '\0'));
  CheckReply(Reply(500, "5.5.1", Shortened(command.line)));
  (void)IsAcceptableHelo(command.argument);
  for (const absl::string_view keyword : {"FROM", "TO"}) {
    const auto parsed = ParsePathArgument(keyword, command.argument);
    if (const auto* reply = std::get_if<Reply>(&parsed)) {
      CheckReply(*reply);
      continue;
    }
    const PathArgument& path = std::get<PathArgument>(parsed);
    CHECK(path.parameters.size() <= kMaxParameters);
    for (const Parameter& parameter : path.parameters) {
      if (const auto size = ParseSize(parameter.value)) CHECK(*size >= 0);
    }
    for (const char c : path.path) CHECK(c == '\t' || (c >= 0x20 && c < 0x7f));
    CheckAddress(path.path);
  }
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
  stagepost::CheckAddress(input.substr(0, stagepost::kMaxCommandLine));
  const std::string whole = stagepost::DecodeMessage(input, size);
  for (size_t cut = 0; cut < size && cut < 64; ++cut) {
    CHECK(stagepost::DecodeMessage(input, cut) == whole) << "cut at " << cut;
  }
  return 0;
}
