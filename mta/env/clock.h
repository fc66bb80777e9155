// What time it is. Waiting is not here: see SleepUntil and WithDeadline in mta/async/deadline.h.
#ifndef STAGEPOST_MTA_ENV_CLOCK_H_
#define STAGEPOST_MTA_ENV_CLOCK_H_

#include "absl/time/time.h"
#include "mta/base/time.h"

namespace stagepost {

class Clock {
 public:
  virtual ~Clock() = default;

  // For mail: dates, ages of queued messages, retry times. May be stepped, forwards and backwards.
  virtual absl::Time WallNow() const = 0;

  // For deadlines and durations. Never goes back.
  virtual MonotonicTime MonotonicNow() const = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_CLOCK_H_
