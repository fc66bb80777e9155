// A mailer's replies: whatever it says, what is put into log lines and queue files is one line.
#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/smtp/server_reply.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using State = stagepost::ServerReplyParser::State;
  stagepost::ServerReplyParser parser;
  State state = State::kMore;
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(reinterpret_cast<const char*>(data), size), '\n')) {
    state = parser.Take(line);
    if (state != State::kMore) break;
  }
  if (state != State::kDone) return 0;
  const stagepost::ServerReply& reply = parser.reply();
  CHECK(reply.code >= 200 && reply.code <= 599);
  CHECK(reply.text.size() >= 3);
  for (const char c : reply.text) CHECK(absl::ascii_isprint(c));
  for (const char c : reply.dsn) CHECK(absl::ascii_isdigit(c) || c == '.');
  CHECK(reply.dsn.empty() || reply.dsn[0] - '0' == reply.code / 100);
  return 0;
}
