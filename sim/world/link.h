// One way between two hosts, as fast as its slowest part: what is sent waits behind what was sent
// before, in a queue; what finds the queue full is lost, and is sent again later.
#ifndef STAGEPOST_SIM_WORLD_LINK_H_
#define STAGEPOST_SIM_WORLD_LINK_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "mta/base/time.h"

namespace stagepost {

struct LinkLimits {
  int64_t bytes_per_second = 0;  // more than 0
  // What waits at most. Something larger than the whole queue goes through when it is empty.
  int64_t queue_bytes = 256 * 1024;
};

class Link {
 public:
  // Beside the bytes of a segment: addresses, ports, numbers.
  static constexpr int64_t kHeaderBytes = 40;

  explicit Link(const LinkLimits& limits) : limits_(limits) {}

  // Sends a segment of `bytes` at `now`: when its last byte is on its way. `retry_after(n)` is how
  // long a sender waits after n tries.
  template <class RetryAfter>
  MonotonicTime Send(MonotonicTime now, size_t bytes, RetryAfter retry_after) {
    const absl::Duration takes = TimeFor(kHeaderBytes + static_cast<int64_t>(bytes));
    MonotonicTime start = now;
    for (int tries = 1; idle_at_ > start; ++tries) {
      if (idle_at_ - start + takes <= TimeFor(limits_.queue_bytes)) {
        start = idle_at_;
      } else {
        start = start + retry_after(tries);
      }
    }
    idle_at_ = start + takes;
    return idle_at_;
  }

 private:
  absl::Duration TimeFor(int64_t bytes) const {
    return absl::Seconds(1) * bytes / limits_.bytes_per_second;
  }

  const LinkLimits limits_;
  MonotonicTime idle_at_;  // when all that was sent is on its way
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_LINK_H_
