// ConnectionRateThrottle: how many connections one port of the daemon takes in a second; those that
// come faster wait in its backlog. Operations Guide, 5.6.
#ifndef STAGEPOST_MTA_POLICY_CONNECTION_RATE_H_
#define STAGEPOST_MTA_POLICY_CONNECTION_RATE_H_

#include <cstdint>

#include "mta/base/time.h"

namespace stagepost {

// Counts by seconds of the clock. As sendmail has it, a port pauses when two more than the limit
// were taken in the same one.
class ConnectionRate {
 public:
  // A connection was taken. True: no other one for a second; the log says (info) "deferring
  // connections on daemon NAME: LIMIT per second". `limit`: the option; 0: there is none.
  bool Count(MonotonicTime now, int64_t limit) {
    constexpr int64_t kSecond = 1'000'000'000;
    const int64_t second = now.nanoseconds() / kSecond;
    if (second != second_) {
      second_ = second;
      taken_ = 1;
      return false;
    }
    return limit > 0 && taken_++ > limit;
  }

 private:
  int64_t second_ = INT64_MIN;
  int64_t taken_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POLICY_CONNECTION_RATE_H_
