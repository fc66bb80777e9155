// What an LMTP client says (RFC 2033), taken apart for mail.local: commands and message data.
#ifndef STAGEPOST_MTA_DELIVER_LMTP_COMMAND_H_
#define STAGEPOST_MTA_DELIVER_LMTP_COMMAND_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace stagepost {

// A client that wants to use BDAT starts the program with this in its environment, whatever the
// value; programs that know nothing of it do not offer CHUNKING.
inline constexpr absl::string_view kLmtpChunkingVariable = "LMTP_CHUNKING";

enum class LmtpVerb : uint8_t {
  kLhlo,
  kMail,
  kRcpt,
  kData,
  kBdat,
  kRset,
  kNoop,
  kQuit,
  kVrfy,
  kUnknown
};

struct LmtpCommand {
  LmtpVerb verb = LmtpVerb::kUnknown;
  // MAIL, RCPT: what stands between the angle brackets behind FROM: or TO:, without a source route;
  // nullopt: no such thing is there. Parameters behind it are not looked at.
  std::optional<std::string> path;
  // BDAT (RFC 3030): so many bytes follow, and whether they are the message's last; nullopt: what
  // stands there is no number.
  std::optional<uint64_t> chunk_bytes;
  bool last_chunk = false;
};

// `line` without its line end. kUnknown also when a verb has an argument that it must not have, or
// lacks one.
LmtpCommand ParseLmtpCommand(absl::string_view line);

// The user that a recipient's path means to mail.local: "alice" of "alice+lists@corp.example".
// nullopt: none that could have a mailbox (empty, with a '/', "." or "..", control characters).
std::optional<std::string> MailboxUser(absl::string_view path);

// Turns the data of an LMTP client into message text with LF line ends, as DataDecoder of mta/smtp
// does. A bare CR or LF is kept as it is: the message was accepted long ago, by somebody else's
// rules. Still only <CRLF>.<CRLF> is the end.
class LmtpDataDecoder {
 public:
  // Appends the text of `input` to `output` and returns how many bytes were used up: all of them,
  // unless the message ended. REQUIRES: !done().
  size_t Decode(absl::string_view input, std::string& output);
  bool done() const { return state_ == State::kDone; }

 private:
  enum class State : uint8_t { kLineStart, kDot, kDotCr, kText, kCr, kDone };
  void Step(char c, std::string& output);
  State state_ = State::kLineStart;
};

// The same for a message in chunks (RFC 3030), in which dots mean nothing: <CRLF> is LF, whatever
// else there is stays.
class LmtpChunkDecoder {
 public:
  void Decode(absl::string_view input, std::string& output);
  // Behind the last chunk.
  void Finish(std::string& output);

 private:
  bool carriage_return_ = false;  // the last byte, not appended yet
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_LMTP_COMMAND_H_
