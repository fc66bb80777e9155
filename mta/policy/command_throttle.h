// Growing delays for clients that repeat commands which only search or waste time, and for those
// that guess recipients. Operations Guide, 2.5 and 5.6 (BadRcptThrottle).
//
// Of each kind a session may give so many without a delay; from then on every one is answered a
// second later, then two, four, eight seconds, up to kMaxCommandDelay. Counts last as long as the
// session does: neither RSET nor a message starts them anew.
#ifndef STAGEPOST_MTA_POLICY_COMMAND_THROTTLE_H_
#define STAGEPOST_MTA_POLICY_COMMAND_THROTTLE_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace stagepost {

inline constexpr absl::Duration kMaxCommandDelay = absl::Minutes(4);

enum class ThrottledCommand : uint8_t { kHello, kVerifyOrExpand, kNoop, kEtrn };
inline constexpr size_t kThrottledCommands = 4;

// The one from which on commands of a kind are delayed.
constexpr int ThrottledFrom(ThrottledCommand command) {
  constexpr std::array<int, kThrottledCommands> kFrom = {3, 6, 20, 8};
  return kFrom[static_cast<size_t>(command)];
}

class CommandThrottle {
 public:
  struct Verdict {
    absl::Duration wait;  // before the command is carried out
    // For the log (info), behind the client: "possible SMTP attack: command=VRFY, count=6"; empty:
    // nothing.
    std::string warning;
  };
  // Counts a command, called `name` in the log ("HELO/EHLO", "VRFY").
  Verdict Count(ThrottledCommand command, absl::string_view name);

 private:
  std::array<int, kThrottledCommands> counts_ = {};
};

// BadRcptThrottle: when so many recipients of one transaction were refused, every further RCPT,
// good or bad, waits. One for each transaction.
class RecipientThrottle {
 public:
  static constexpr absl::Duration kWait = absl::Seconds(1);

  // `limit`: the option; 0: there is none.
  explicit RecipientThrottle(int64_t limit) : limit_(limit) {}

  // Before a RCPT is carried out: zero or kWait.
  absl::Duration Wait() const { return exceeded() ? kWait : absl::ZeroDuration(); }
  // A RCPT was refused. True: the log is to say (info), behind the client, "Possible SMTP RCPT
  // flood, throttling."
  bool CountRefused() { return ++refused_ == limit_; }
  int64_t refused() const { return refused_; }  // ${nbadrcpts}

 private:
  bool exceeded() const { return limit_ > 0 && refused_ >= limit_; }
  int64_t limit_;
  int64_t refused_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POLICY_COMMAND_THROTTLE_H_
