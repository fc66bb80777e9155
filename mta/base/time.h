// Two clocks, two types.
//
// MonotonicTime is for deadlines and timers: it never goes back, starts anywhere, and means nothing
// outside the machine. Wall time (dates in headers, queue ages) is absl::Time. Neither converts to
// the other. Resolution is a nanosecond; the range is 292 years either way, and arithmetic saturates.
#ifndef STAGEPOST_MTA_BASE_TIME_H_
#define STAGEPOST_MTA_BASE_TIME_H_

#include <compare>
#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace stagepost {

class MonotonicTime {
 public:
  constexpr MonotonicTime() = default;
  static constexpr MonotonicTime FromNanoseconds(int64_t ns) { return MonotonicTime(ns); }
  static constexpr MonotonicTime InfiniteFuture() {
    return MonotonicTime(std::numeric_limits<int64_t>::max());
  }

  constexpr int64_t nanoseconds() const { return ns_; }

  friend constexpr auto operator<=>(MonotonicTime, MonotonicTime) = default;

  // ToInt64Nanoseconds saturates, so an infinite duration gives InfiniteFuture().
  friend MonotonicTime operator+(MonotonicTime t, absl::Duration d) {
    int64_t sum;
    const int64_t add = absl::ToInt64Nanoseconds(d);
    if (__builtin_add_overflow(t.ns_, add, &sum)) {
      sum = add > 0 ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
    }
    return MonotonicTime(sum);
  }
  friend absl::Duration operator-(MonotonicTime a, MonotonicTime b) {
    return absl::Nanoseconds(a.ns_) - absl::Nanoseconds(b.ns_);
  }

 private:
  explicit constexpr MonotonicTime(int64_t ns) : ns_(ns) {}
  int64_t ns_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BASE_TIME_H_
