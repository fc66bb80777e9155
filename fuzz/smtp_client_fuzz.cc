// Whole sessions of the client: whatever a server says, cut anywhere, the session ends, what is
// told of it can be shown, nobody has a message that was not sent to its end, and the pieces that
// the server's bytes come in make no difference.
//
// Input: a byte of options, the sizes of pieces and of the window, then what the server says, each
// turn after one command, with 0x01 between turns; after the last turn it closes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/smtp/testing/client_session.h"

namespace stagepost {
namespace {

constexpr size_t kMaxInput = 8192;

// The sum of all time-outs of a session with three recipients, and some.
constexpr absl::Duration kEnd = absl::Hours(10);

void CheckReplies(const ClientSession& session) {
  for (const ClientRecipient& recipient : session.transaction.recipients) {
    if (!recipient.reply.has_value()) {
      CHECK(!session.greeted.ok() || !session.sent.ok()) << "nobody is left without an answer";
      continue;
    }
    CHECK(recipient.reply->code >= 200 && recipient.reply->code <= 599);
    if (!recipient.reply->positive()) continue;
    CHECK(recipient.stage == ReplyStage::kMessage);
    CHECK(absl::EndsWith(session.server.text, "Hello.\r\n.\r\n"));
  }
}

// What came of it, as text.
std::string Play(const std::vector<std::string>& turns, uint8_t flags, size_t segment,
                 size_t window) {
  ClientSession session(turns, {.lmtp = (flags & 1) != 0, .esmtp = (flags & 2) == 0}, turns.size());
  session.server.segment = segment;
  session.server.window = window;
  session.Recipients({"x", "y", "z"});
  session.Run();
  session.world.Pass(kEnd);
  CHECK(session.done());
  for (const char c : session.dialogue.text) CHECK(absl::ascii_isprint(c) || c == '\n');
  CheckReplies(session);
  return absl::StrCat(session.greeted.ToString(), "\n", session.sent.ToString(), "\n",
                      session.reply(0), "\n", session.reply(1), "\n", session.reply(2), "\n",
                      session.dialogue.text);
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4 || size > stagepost::kMaxInput) return 0;
  const absl::string_view said(reinterpret_cast<const char*>(data) + 3, size - 3);
  const std::vector<std::string> turns = absl::StrSplit(said, '\x01');
  const size_t segment = size_t{1} + data[1];
  const size_t window = size_t{1} + data[2];
  const std::string whole =
      stagepost::Play(turns, data[0], 4096, stagepost::ScriptedServer::kNever);
  const std::string pieces =
      stagepost::Play(turns, data[0], segment, stagepost::ScriptedServer::kNever);
  CHECK(whole == pieces) << whole << "----\n" << pieces;
  (void)stagepost::Play(turns, data[0], segment, window);
  return 0;
}
