// What the tests of this folder share: a process in virtual time, and operations of a world that
// the test controls.
#ifndef STAGEPOST_MTA_ASYNC_ASYNC_TEST_UTIL_H_
#define STAGEPOST_MTA_ASYNC_ASYNC_TEST_UTIL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "mta/async/executor.h"
#include "mta/async/frame_pool.h"
#include "mta/async/loop.h"
#include "mta/async/operation.h"
#include "mta/async/task.h"
#include "mta/async/test_draws.h"
#include "mta/async/timer_queue.h"
#include "mta/base/intrusive_list.h"

namespace stagepost {

inline MonotonicTime At(absl::Duration since_start) { return MonotonicTime() + since_start; }

// Every test of this folder ends with as many frames as it began with.
class AsyncTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(FramePoolStatsNow().live_frames, frames_.live_frames);
    EXPECT_EQ(FramePoolStatsNow().live_bytes, frames_.live_bytes);
  }

 private:
  const FramePoolStats frames_ = FramePoolStatsNow();
};

// A loop in virtual time with one process.
class TestProcess {
 public:
  TestProcess() = default;
  // Runs ready tasks in an order drawn from `seed`.
  explicit TestProcess(uint64_t seed) : order_(std::in_place, seed) {}

  Loop& loop() { return loop_; }
  Executor& executor() { return executor_; }
  MonotonicTime now() const { return loop_.now(); }

  // One event: a ready task, else the next timer, at its time. False if there is nothing left.
  bool Step() {
    if (loop_.ready_count() > 0) {
      loop_.RunReady(order_.has_value() ? (*order_)() % loop_.ready_count() : 0);
      return true;
    }
    const MonotonicTime next = loop_.timers().next_deadline();
    if (next == MonotonicTime::InfiniteFuture()) return false;
    if (next > loop_.now()) loop_.Advance(next);
    return loop_.timers().FireNext(loop_.now());
  }

  // Runs until nothing is left to happen.
  void Run() {
    while (Step()) {
    }
  }
  // Runs what happens up to `time`, and makes it that time.
  void RunUntil(MonotonicTime time) {
    while (loop_.ready_count() > 0 || loop_.timers().next_deadline() <= time) Step();
    loop_.Advance(time);
  }

  // Runs f(args...), which returns Task<T>, to its end.
  template <class F, class... Args>
  auto RunTask(F f, Args... args) {
    using T = typename std::invoke_result_t<F, std::unwrap_reference_t<Args>...>::Result;
    std::optional<T> result;
    executor_.Start([&](T value) { result.emplace(std::move(value)); }, f, std::move(args)...);
    Run();
    EXPECT_EQ(executor_.live(), 0u) << "the task waits for ever";
    return *std::move(result);
  }

 private:
  Loop loop_;
  Executor executor_{loop_};
  std::optional<Draws> order_;
};

// Operations that wait until the test lets them go, in order.
class Gate {
 public:
  class Wait final : public PendingOperation<absl::StatusOr<int>>, public ListNode<Wait> {
   public:
    explicit Wait(Gate& gate) : gate_(gate) {}
    void Complete(absl::StatusOr<int> result) { Finish(std::move(result)); }

   private:
    void Start() override { gate_.waiters_.PushBack(*this); }
    void OnStop() override {
      ++gate_.stops;
      if (gate_.deaf) return;
      ListNode<Wait>::Unlink();
      Finish(absl::CancelledError("cancelled"));
    }
    Gate& gate_;
  };

  Operation<absl::StatusOr<int>> Pass() {
    return Operation<absl::StatusOr<int>>(std::make_unique<Wait>(*this));
  }
  bool empty() const { return waiters_.empty(); }
  // REQUIRES: not empty().
  void Open(absl::StatusOr<int> result) { waiters_.PopFront().Complete(std::move(result)); }

  bool deaf = false;  // a stop request is heard, but the operation goes on
  int stops = 0;      // stop requests heard

 private:
  List<Wait> waiters_;
};

// A value that is known without waiting.
inline Operation<absl::StatusOr<int>> Ready(int value) { return absl::StatusOr<int>(value); }

// Counts how many of it are alive.
class Tracked {
 public:
  explicit Tracked(int& count) : count_(&count) { ++*count_; }
  Tracked(const Tracked& other) : count_(other.count_) { ++*count_; }
  Tracked& operator=(const Tracked&) = delete;
  ~Tracked() { --*count_; }

 private:
  int* count_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_ASYNC_TEST_UTIL_H_
