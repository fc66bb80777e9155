// What an LMTP client may say to mail.local: command lines, and message data split anywhere.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/deliver/lmtp_command.h"
#include "mta/deliver/mbox_layout.h"

namespace {

// A user's name is part of a path: it must stay in its directory.
void CheckCommand(absl::string_view line) {
  const stagepost::LmtpCommand command = stagepost::ParseLmtpCommand(line);
  if (!command.path.has_value()) return;
  const std::optional<std::string> user = stagepost::MailboxUser(*command.path);
  if (!user.has_value()) return;
  CHECK(!user->empty() && *user != "." && *user != "..");
  for (const char c : *user) CHECK(c != '/' && c != '\0' && !absl::ascii_isspace(c));
}

// The text and what is left of the input, read in pieces of `step` bytes.
std::string Decode(absl::string_view input, size_t step) {
  stagepost::LmtpDataDecoder decoder;
  std::string text;
  while (!input.empty() && !decoder.done()) {
    input.remove_prefix(decoder.Decode(input.substr(0, step), text));
  }
  text.push_back(decoder.done() ? '|' : '.');
  text.append(input.data(), input.size());
  return text;
}

std::string DecodeChunk(absl::string_view input, size_t step) {
  stagepost::LmtpChunkDecoder decoder;
  std::string text;
  for (size_t at = 0; at < input.size(); at += step) decoder.Decode(input.substr(at, step), text);
  decoder.Finish(text);
  return text;
}

void CheckLayout(absl::string_view text) {
  stagepost::MboxLayout layout;
  layout.Take(text);
  layout.Finish();
  CHECK(layout.body_begin() <= layout.body_end() && layout.body_end() == text.size());
  uint64_t previous = 0;
  for (const auto& [begin, end] : layout.header()) {
    CHECK(previous <= begin && begin < end && end <= layout.body_begin());
    previous = end;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  CheckCommand(input.substr(0, input.find('\n')));
  const std::string whole = Decode(input, size + 1);
  for (const size_t step : {1, 3, 7}) CHECK(Decode(input, step) == whole);
  const std::string chunk = DecodeChunk(input, size + 1);
  for (const size_t step : {1, 3, 7}) CHECK(DecodeChunk(input, step) == chunk);
  CheckLayout(input);
  return 0;
}
