// The one thread of control: what is ready to run, what is due, and what time it is.
//
// A Loop is driven from outside: live by epoll (mta/posix), in simulation by the scheduler
// (sim/world), in tests by RunUntilIdle(). Each process has an Executor (executor.h) on a Loop;
// live there is one, in simulation all processes of a world share one Loop, so that the scheduler
// sees every runnable task.
//
// A driver runs what is ready before it fires a timer, and takes in what the outside has completed
// before it fires a deadline of the same instant: completion wins against a deadline.
//
// resume() is called in RunReady() and nowhere else. Wake-ups only append to the ready queue.
#ifndef STAGEPOST_MTA_ASYNC_LOOP_H_
#define STAGEPOST_MTA_ASYNC_LOOP_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "mta/async/ready_queue.h"
#include "mta/async/timer_queue.h"
#include "mta/base/time.h"

namespace stagepost {

class Executor;

class Loop {
 public:
  // Synchronous returns and awaits of what is ready already that one resume may make before it must
  // go through the ready queue: bounds latency, and stack depth on compilers without guaranteed
  // tail calls; and because it counts, it does so deterministically.
  static constexpr int kFuel = 256;

  Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Time as of the last Advance(); what deadlines are measured by.
  MonotonicTime now() const { return now_; }
  // REQUIRES: not before now().
  void Advance(MonotonicTime now);

  TimerQueue& timers() { return timers_; }

  // Appends a suspended coroutine of `executor` to the ready queue.
  void Schedule(std::coroutine_handle<> handle, Executor& executor) {
    ready_.PushBack({handle, &executor});
  }

  size_t ready_count() const { return ready_.size(); }
  const Executor& ready_executor(size_t index) const { return *ready_[index].executor; }
  // Resumes the task at `index` of the ready queue (0 is first in, first out).
  void RunReady(size_t index);

  // A kernel makes the process of `executor` wait in a system call: until GoOn() its deadlines do
  // not pass, and a driver that stalls processes runs none of its tasks. Of a driver with one
  // process there is nothing left to run, so this is for simulation. REQUIRES: not stalled.
  void Stall(Executor& executor);
  // What came to be due meanwhile is due now, in order; what completed meanwhile has won.
  void GoOn(Executor& executor);
  bool stalled(const Executor& executor) const;
  // How much of what is ready belongs to processes that are not stalled; and where the nth of that
  // (from 0) stands in the ready queue.
  size_t runnable_count() const;
  size_t RunnableIndex(size_t nth) const;
  // For a deadline of `executor` that has come to be due: whether it must wait for GoOn(). If so,
  // it is armed again, and fires then.
  bool HoldDeadline(Executor& executor, Timer& deadline);

  // Runs everything that is ready and fires everything that is due, until neither is left.
  void RunUntilIdle();

  // The executor whose task is running now; null between tasks.
  Executor* current() const { return current_; }

  // The executor whose tasks Executor::Kill() is destroying at this moment, else null. Destructors
  // that check for unfinished business leave it out there.
  const Executor* dying() const { return dying_; }

  // Destroys the frame once the resume now running has returned. REQUIRES: it will be at its final
  // suspension then, and this is the only call during this resume.
  void ReapAfterResume(std::coroutine_handle<> finished);

  // One unit of fuel; false when the running task must go through the ready queue.
  bool BurnFuel() { return --fuel_ > 0; }

  // Number of resumes so far.
  uint64_t resumes() const { return resumes_; }

 private:
  friend class Executor;
  struct Stalled {
    Executor* executor;
    std::unique_ptr<TimerQueue> due;
  };
  std::vector<Stalled>::iterator FindStalled(const Executor& executor);
  // The process is dead, and with it whatever of it was due.
  void ForgetStall(const Executor& executor);

  MonotonicTime now_;
  TimerQueue timers_;
  ReadyQueue ready_;
  std::vector<Stalled> stalled_;
  Executor* current_ = nullptr;
  const Executor* dying_ = nullptr;
  std::coroutine_handle<> finished_;
  int fuel_ = kFuel;
  uint64_t resumes_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_LOOP_H_
