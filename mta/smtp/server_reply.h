// A reply of an SMTP or LMTP server, as its client reads it, line by line. RFC 5321, section 4.2;
// RFC 2033; RFC 3463.
//
//   ServerReplyParser parser;
//   do { line = …; } while (parser.Take(line) == ServerReplyParser::State::kMore);
//   parser.reply().text == "451 4.3.0 lockmailbox alice failed"
#ifndef STAGEPOST_MTA_SMTP_SERVER_REPLY_H_
#define STAGEPOST_MTA_SMTP_SERVER_REPLY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

// A reply line with its line end. RFC 5321 minimum: 512.
inline constexpr size_t kMaxReplyLine = 2048;
// Lines of one reply: more than any server has extensions.
inline constexpr int kMaxReplyLines = 100;
// All lines of one reply.
inline constexpr size_t kMaxReplyBytes = 16 * 1024;

// What a reply was to; kConnect: there was none, the connection was not made.
enum class ReplyStage : uint8_t { kConnect, kGreeting, kHello, kMail, kRecipient, kData, kMessage };

struct ServerReply {
  int code = 0;     // 200 .. 599
  std::string dsn;  // enhanced status code, "2.1.5"; empty: none
  // The first line, code included, with everything that is not printable ASCII shown as '?': fit
  // for log lines and queue files.
  std::string text;
  // The lines behind the first, without their codes, shown in the same way.
  std::vector<std::string> more = {};

  bool positive() const { return code / 100 == 2; }
  bool permanent() const { return code / 100 == 5; }
};

// A line as it is shown to people: everything that is not printable ASCII as '?'.
std::string PrintableReply(absl::string_view line);

// "050 bob... Connecting to local...": what a server says besides after VERB.
bool IsRemark(absl::string_view line);

class ServerReplyParser {
 public:
  enum class State { kMore, kDone, kInvalid };

  // `line` without its line end. After kInvalid (no reply code, another code than in the first
  // line, too many lines or bytes) the connection is of no use.
  State Take(absl::string_view line);

  // REQUIRES: kDone.
  const ServerReply& reply() const { return reply_; }

 private:
  ServerReply reply_;
  int lines_ = 0;
  size_t bytes_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_SERVER_REPLY_H_
