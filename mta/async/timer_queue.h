// Timers in order of (time, deadlines last, sequence): a 4-ary heap of intrusive timers.
//
// Arming and disarming cost O(log n) and no allocation beyond the heap's own array; a million
// pending timers are fine. Two timers of the same instant fire in the order they were armed in,
// except that deadlines come after everything else: what completes at that instant was in time.
#ifndef STAGEPOST_MTA_ASYNC_TIMER_QUEUE_H_
#define STAGEPOST_MTA_ASYNC_TIMER_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mta/base/time.h"

namespace stagepost {

class TimerQueue;

// Something that happens at a time. Owned by whoever arms it; disarms itself when destroyed.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  bool armed() const { return queue_ != nullptr; }
  void Disarm();

 protected:
  ~Timer() { Disarm(); }

 private:
  friend class TimerQueue;
  // Called once, when due, already disarmed; may arm the timer again.
  virtual void OnTimer() = 0;

  TimerQueue* queue_ = nullptr;
  size_t index_ = 0;  // in the queue's heap
};

class TimerQueue {
 public:
  TimerQueue() = default;
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;
  ~TimerQueue();  // disarms what is left

  // REQUIRES: `timer` is not armed.
  void Arm(Timer& timer, MonotonicTime time) { Insert(timer, time, next_sequence_++); }
  // As Arm(), behind all timers of the same instant that Arm() has armed or yet arms.
  void ArmDeadline(Timer& timer, MonotonicTime time) {
    Insert(timer, time, kDeadlineBit | next_sequence_++);
  }

  bool empty() const { return heap_.empty(); }
  size_t size() const { return heap_.size(); }
  // When the next timer is due; InfiniteFuture() if there is none.
  MonotonicTime next_deadline() const;

  // Fires the first timer if it is due at `now`; false if none is.
  bool FireNext(MonotonicTime now);

 private:
  friend class Timer;
  static constexpr uint64_t kDeadlineBit = uint64_t{1} << 63;
  struct Entry {
    MonotonicTime time;
    uint64_t sequence;
    Timer* timer;
  };
  void Insert(Timer& timer, MonotonicTime time, uint64_t sequence);
  static bool Before(const Entry& a, const Entry& b);
  void Place(size_t index, const Entry& entry);
  void SiftUp(size_t index, const Entry& entry);
  void SiftDown(size_t index, const Entry& entry);
  void Remove(Timer& timer);

  std::vector<Entry> heap_;
  uint64_t next_sequence_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_TIMER_QUEUE_H_
