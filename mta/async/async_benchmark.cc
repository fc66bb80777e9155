// What the runtime costs. Run with `bazel run -c opt //mta/async:async_benchmark`.
//
// Aims: the await of a trivial task below 10 ns, spawn and join below 200 ns, a million pending
// timers no problem. One item is one await, one spawned child, one value handed over, one timer.
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "mta/async/channel.h"
#include "mta/async/deadline.h"
#include "mta/async/executor.h"
#include "mta/async/loop.h"
#include "mta/async/operation.h"
#include "mta/async/scope.h"
#include "mta/async/semaphore.h"
#include "mta/async/task.h"
#include "mta/async/test_draws.h"
#include "mta/async/timer_queue.h"

namespace stagepost {
namespace {

constexpr int kBatch = 1000;

// Runs f(args...) to its end once an iteration; `items` per run.
template <class F, class... Args>
void RunTasks(benchmark::State& state, int64_t items, F f, Args... args) {
  Loop loop;
  Executor executor(loop);
  for (auto _ : state) {
    executor.Start([](auto&&) {}, f, args...);
    loop.RunUntilIdle();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * items);
}

Task<int> Trivial(int i) { co_return i; }
Task<int64_t> AwaitTasks() {
  int64_t sum = 0;
  for (int i = 0; i < kBatch; ++i) sum += co_await Trivial(i);
  co_return sum;
}
void BM_AwaitTask(benchmark::State& state) { RunTasks(state, kBatch, &AwaitTasks); }
BENCHMARK(BM_AwaitTask);

Task<absl::Status> TrivialStatus() { co_return absl::OkStatus(); }
Task<absl::Status> AwaitStatuses() {
  for (int i = 0; i < kBatch; ++i) {
    if (absl::Status s = co_await TrivialStatus(); !s.ok()) co_return s;
  }
  co_return absl::OkStatus();
}
void BM_AwaitStatusTask(benchmark::State& state) { RunTasks(state, kBatch, &AwaitStatuses); }
BENCHMARK(BM_AwaitStatusTask);

Operation<absl::StatusOr<int>> InlineCall(int i) { return absl::StatusOr<int>(i); }
Task<int64_t> AwaitOperations() {
  int64_t sum = 0;
  for (int i = 0; i < kBatch; ++i) sum += *co_await InlineCall(i);
  co_return sum;
}
void BM_AwaitInlineOperation(benchmark::State& state) { RunTasks(state, kBatch, &AwaitOperations); }
BENCHMARK(BM_AwaitInlineOperation);

// Finishes at once, through the ready queue.
class Immediate final : public PendingOperation<absl::StatusOr<int>> {
 public:
  explicit Immediate(int value) : value_(value) {}

 private:
  void Start() override { Finish(value_); }
  int value_;
};
Task<int64_t> AwaitPending() {
  int64_t sum = 0;
  for (int i = 0; i < kBatch; ++i) {
    sum += *co_await Operation<absl::StatusOr<int>>(std::make_unique<Immediate>(i));
  }
  co_return sum;
}
void BM_AwaitPendingOperation(benchmark::State& state) { RunTasks(state, kBatch, &AwaitPending); }
BENCHMARK(BM_AwaitPendingOperation);

Task<absl::Status> AwaitUnderDeadline() {
  const MonotonicTime deadline = (co_await CurrentContext()).loop().now() + absl::Hours(1);
  for (int i = 0; i < kBatch; ++i) {
    if (absl::Status s = co_await WithDeadline(deadline, TrivialStatus()); !s.ok()) co_return s;
  }
  co_return absl::OkStatus();
}
void BM_AwaitWithDeadline(benchmark::State& state) { RunTasks(state, kBatch, &AwaitUnderDeadline); }
BENCHMARK(BM_AwaitWithDeadline);

// `width` children at a time.
Task<absl::Status> SpawnAndJoin(int width) {
  TaskScope scope(co_await CurrentContext(), "children", TaskScope::Policy::kFirstError,
                  static_cast<size_t>(width));
  for (int i = 0; i < kBatch; i += width) {
    for (int child = 0; child < width; ++child) (void)scope.Spawn(&TrivialStatus);
    if (absl::Status s = co_await scope.Join(); !s.ok()) co_return s;
  }
  co_return absl::OkStatus();
}
void BM_SpawnAndJoin(benchmark::State& state) {
  RunTasks(state, kBatch, &SpawnAndJoin, static_cast<int>(state.range(0)));
}
BENCHMARK(BM_SpawnAndJoin)->Arg(1)->Arg(10)->Arg(1000);

Task<absl::Status> SendAll(Channel<int>& channel) {
  for (int i = 0; i < kBatch; ++i) (void)co_await channel.Send(i);
  channel.Close();
  co_return absl::OkStatus();
}
Task<absl::Status> ReceiveAll(Channel<int>& channel) {
  int64_t sum = 0;
  while (true) {
    const absl::StatusOr<int> value = co_await channel.Receive();
    if (!value.ok()) break;
    sum += *value;
  }
  benchmark::DoNotOptimize(sum);
  co_return absl::OkStatus();
}
Task<absl::Status> HandOver(size_t capacity) {
  Channel<int> channel(capacity);
  TaskScope scope(co_await CurrentContext(), "ends", TaskScope::Policy::kFirstError, 2);
  (void)scope.Spawn(&SendAll, std::ref(channel));
  (void)scope.Spawn(&ReceiveAll, std::ref(channel));
  co_return co_await scope.Join();
}
void BM_Channel(benchmark::State& state) {
  RunTasks(state, kBatch, &HandOver, static_cast<size_t>(state.range(0)));
}
BENCHMARK(BM_Channel)->Arg(1)->Arg(64);

Task<absl::Status> Lock() {
  Semaphore semaphore(1);
  for (int i = 0; i < kBatch; ++i) {
    auto permit = co_await semaphore.Acquire();
    benchmark::DoNotOptimize(permit);
  }
  co_return absl::OkStatus();
}
void BM_SemaphoreFree(benchmark::State& state) { RunTasks(state, kBatch, &Lock); }
BENCHMARK(BM_SemaphoreFree);

class Alarm final : public Timer {
 private:
  void OnTimer() override {}
};

// A timer that arms itself again, at a random time within the span of all others.
class Again final : public Timer {
 public:
  void Set(TimerQueue& queue, Draws& draws) {
    queue_ = &queue;
    draws_ = &draws;
    Draw(MonotonicTime());
  }
  void Draw(MonotonicTime now) {
    now_ = now + absl::Nanoseconds(static_cast<int64_t>((*draws_)() >> 24));
    queue_->Arm(*this, now_);
  }

 private:
  void OnTimer() override { Draw(now_); }
  TimerQueue* queue_ = nullptr;
  Draws* draws_ = nullptr;
  MonotonicTime now_;
};
void BM_TimerFireAndArm(benchmark::State& state) {
  Draws draws(1);
  TimerQueue queue;
  std::vector<Again> timers(static_cast<size_t>(state.range(0)));
  for (Again& timer : timers) timer.Set(queue, draws);
  for (auto _ : state) queue.FireNext(queue.next_deadline());
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(BM_TimerFireAndArm)->Arg(1)->Arg(10'000)->Arg(1'000'000);

// What nearly every deadline does: armed behind all others, disarmed before it fires.
void BM_TimerArmAndDisarm(benchmark::State& state) {
  Draws draws(1);
  TimerQueue queue;
  std::vector<Again> timers(static_cast<size_t>(state.range(0)));
  for (Again& timer : timers) timer.Set(queue, draws);
  Alarm alarm;
  for (auto _ : state) {
    queue.ArmDeadline(alarm, MonotonicTime() + absl::Hours(1000));
    alarm.Disarm();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(BM_TimerArmAndDisarm)->Arg(1)->Arg(10'000)->Arg(1'000'000);

// The simulator's pick: any of so many ready tasks, which makes itself ready again.
void BM_RandomPick(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  Loop loop;
  Executor executor(loop);
  ReadyQueue queue;
  Draws draws(1);
  for (size_t i = 0; i < count; ++i) queue.PushBack({nullptr, &executor});
  for (auto _ : state) {
    const ReadyQueue::Entry entry = queue.Take(draws() % count);
    queue.PushBack(entry);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(BM_RandomPick)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->Arg(10'000);

}  // namespace
}  // namespace stagepost
