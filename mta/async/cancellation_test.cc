// "Cancel at the n-th event, for every n" and "kill at the n-th event, for every n", over a sample
// program that suspends in every way there is.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "mta/async/async_test_util.h"
#include "mta/async/channel.h"
#include "mta/async/context.h"
#include "mta/async/deadline.h"
#include "mta/async/operation.h"
#include "mta/async/scope.h"
#include "mta/async/semaphore.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

using CancellationTest = AsyncTest;
using Policy = TaskScope::Policy;

// A device of the outside world: answers after a while; knows how many wait for it.
class Device {
 public:
  // Answers `value` after `delay`. A cancelled call has had no effect.
  Operation<absl::StatusOr<int>> Ask(int value, absl::Duration delay) {
    return Operation<absl::StatusOr<int>>(std::make_unique<Call>(*this, value, delay, true));
  }
  // As Ask(), but what has begun cannot be stopped: the real answer comes, stop or no stop.
  Operation<absl::StatusOr<int>> Commit(int value, absl::Duration delay) {
    return Operation<absl::StatusOr<int>>(std::make_unique<Call>(*this, value, delay, false));
  }
  int in_flight = 0;

 private:
  class Call final : public PendingOperation<absl::StatusOr<int>>, private Timer {
   public:
    Call(Device& device, int value, absl::Duration delay, bool stoppable)
        : device_(device), value_(value), delay_(delay), stoppable_(stoppable) {
      ++device_.in_flight;
    }
    ~Call() override { --device_.in_flight; }

   private:
    void Start() override { context().loop().timers().Arm(*this, context().loop().now() + delay_); }
    void OnTimer() override { Finish(value_); }
    void OnStop() override {
      if (!stoppable_) return;
      Disarm();
      Finish(absl::CancelledError("cancelled"));
    }
    Device& device_;
    int value_;
    absl::Duration delay_;
    bool stoppable_;
  };
};

// What the sample program works on; outlives it.
struct Lab {
  Device device;
  Semaphore benches{2};
  Channel<int> results{1};
  int collected = 0;
  int sent = 0;
  int alive = 0;      // Tracked
  int begun = 0;      // commits begun
  int committed = 0;  // commits finished, however
};

// A commit section: what has been begun is finished, if the shield is long enough.
Task<absl::Status> Commit(Lab& lab, int value) {
  ++lab.begun;
  CO_RETURN_IF_ERROR((co_await lab.device.Commit(value, absl::Milliseconds(100))).status());
  CO_RETURN_IF_ERROR((co_await lab.device.Ask(value, absl::Milliseconds(100))).status());
  ++lab.committed;
  co_return absl::OkStatus();
}

Task<absl::StatusOr<int>> Measure(Lab& lab, int id, Tracked) {
  int sum = 0;
  for (int i = 0; i < 3; ++i) {
    CO_ASSIGN_OR_RETURN(const int value,
                        co_await lab.device.Ask(id, absl::Milliseconds(30 * (id % 3))));
    CO_ASSIGN_OR_RETURN(const int ready, co_await Ready(1));
    sum += value * ready;
  }
  co_return sum;
}

// One experiment: lock, deadline, operations, sleep, shield, channel.
Task<absl::Status> Experiment(Lab& lab, int id, Tracked tracked) {
  TaskContext& context = co_await CurrentContext();
  CO_ASSIGN_OR_RETURN(const Semaphore::Permit permit, co_await lab.benches.Acquire());
  const MonotonicTime deadline = context.loop().now() + absl::Milliseconds(150);
  absl::StatusOr<int> value = co_await WithDeadline(deadline, Measure(lab, id, tracked));
  if (absl::IsDeadlineExceeded(value.status())) value = -1;
  CO_RETURN_IF_ERROR(value.status());
  CO_RETURN_IF_ERROR(co_await Sleep(absl::Milliseconds(id)));
  CO_RETURN_IF_ERROR(co_await Shield(absl::Seconds(1), Commit(lab, *value)));
  CO_RETURN_IF_ERROR(co_await lab.results.Send(id));
  ++lab.sent;
  co_return absl::OkStatus();
}

Task<absl::Status> Collect(Lab& lab) {
  while (true) {
    const absl::StatusOr<int> result = co_await lab.results.Receive();
    if (absl::IsOutOfRange(result.status())) co_return absl::OkStatus();
    CO_RETURN_IF_ERROR(result.status());
    ++lab.collected;
    CO_RETURN_IF_ERROR(co_await Sleep(absl::Milliseconds(20)));
  }
}

// Runs until it is stopped.
Task<absl::Status> Background(Lab& lab, Tracked) {
  while (true) CO_RETURN_IF_ERROR((co_await lab.device.Ask(0, absl::Milliseconds(70))).status());
}

constexpr int kExperiments = 6;

Task<absl::Status> Conduct(TaskScope& experiments, Lab& lab) {
  for (int id = 0; id < kExperiments; ++id) {
    while (true) {
      const absl::Status spawned =
          experiments.Spawn(&Experiment, std::ref(lab), id, Tracked(lab.alive));
      if (spawned.ok()) break;
      if (!absl::IsResourceExhausted(spawned)) co_return spawned;
      CO_RETURN_IF_ERROR(co_await Sleep(absl::Milliseconds(10)));
    }
  }
  co_return absl::OkStatus();
}

Task<absl::Status> RunLab(Lab& lab) {
  TaskScope background(co_await CurrentContext(), "background", Policy::kSupervise, 2);
  (void)background.Spawn(&Background, std::ref(lab), Tracked(lab.alive));
  TaskScope collector(co_await CurrentContext(), "collector", Policy::kFirstError, 1);
  (void)collector.Spawn(&Collect, std::ref(lab));
  const absl::Status conducted =
      co_await WithScope("experiments", Policy::kFirstError, 4, &Conduct, std::ref(lab));
  lab.results.Close();
  const absl::Status collected = co_await collector.Join();
  background.RequestStop();
  CO_RETURN_IF_ERROR(co_await background.Join());
  co_return conducted.ok() ? collected : conducted;
}

// One run of the sample program, event by event.
class Trial {
 public:
  explicit Trial(uint64_t seed) : process_(seed) {
    process_.executor().Start([this](absl::Status s) { status_ = std::move(s); }, &RunLab,
                              std::ref(lab_));
  }

  // At most `n` events; how many there were.
  int Steps(int n) {
    int steps = 0;
    while (steps < n && process_.Step()) ++steps;
    return steps;
  }
  bool done() { return process_.executor().live() == 0; }
  void Stop() { process_.executor().root().RequestStop(); }
  void Kill() { process_.executor().Kill(); }

  // Nothing of the process is left anywhere, and nobody holds anything.
  void ExpectNothingLeft() {
    EXPECT_EQ(lab_.alive, 0);
    EXPECT_EQ(lab_.device.in_flight, 0);
    EXPECT_EQ(lab_.benches.available(), 2u);
    EXPECT_TRUE(process_.loop().timers().empty());
    EXPECT_EQ(process_.loop().ready_count(), 0u);
  }
  void ExpectStopped() {
    ASSERT_TRUE(done()) << "hangs";
    EXPECT_TRUE(status_.ok() || absl::IsCancelled(status_)) << status_;
    EXPECT_EQ(lab_.begun, lab_.committed) << "a shielded commit was cut short";
    EXPECT_EQ(static_cast<size_t>(lab_.sent),
              static_cast<size_t>(lab_.collected) + lab_.results.size());
    ExpectNothingLeft();
  }

  const absl::Status& status() const { return status_; }
  const Lab& lab() const { return lab_; }
  MonotonicTime now() const { return process_.now(); }

 private:
  Lab lab_;
  TestProcess process_;
  absl::Status status_ = absl::UnknownError("not done");
};

constexpr int kForEver = 100'000;

TEST_F(CancellationTest, TheSampleRunsToItsEndInAnyOrder) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Trial trial(seed);
    trial.Steps(kForEver);
    EXPECT_TRUE(trial.status().ok()) << trial.status();
    EXPECT_EQ(trial.lab().collected, kExperiments);
    EXPECT_EQ(trial.lab().committed, kExperiments);
    trial.ExpectStopped();
  }
}

TEST_F(CancellationTest, CancelAtEveryEvent) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    for (int n = 0;; ++n) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << ", event " << n);
      Trial trial(seed);
      if (trial.Steps(n) < n) {
        EXPECT_GT(n, 100);  // the sample is not trivial
        break;
      }
      const MonotonicTime stopped = trial.now();
      trial.Stop();
      trial.Steps(kForEver);
      trial.ExpectStopped();
      EXPECT_LE(trial.now(), stopped + absl::Seconds(1));
    }
  }
}

TEST_F(CancellationTest, KillAtEveryEvent) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    for (int n = 0;; ++n) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << ", event " << n);
      const int64_t frames = FramePoolStatsNow().live_frames;
      Trial trial(seed);
      const bool beyond_the_end = trial.Steps(n) < n;
      trial.Kill();
      EXPECT_EQ(FramePoolStatsNow().live_frames, frames);
      trial.ExpectNothingLeft();
      if (beyond_the_end) break;
    }
  }
}

TEST_F(CancellationTest, CancelThenKillAtEveryPairOfEvents) {
  const int64_t frames = FramePoolStatsNow().live_frames;
  for (int n = 0;; n += 3) {
    Trial whole(1);
    if (whole.Steps(n) < n) break;
    whole.Kill();
    for (int m = 0;; ++m) {
      SCOPED_TRACE(testing::Message() << "events " << n << " and " << m);
      Trial trial(1);
      trial.Steps(n);
      trial.Stop();
      const bool beyond_the_end = trial.Steps(m) < m;
      trial.Kill();
      ASSERT_EQ(FramePoolStatsNow().live_frames, frames);
      trial.ExpectNothingLeft();
      if (beyond_the_end) break;
    }
  }
}

Task<absl::Status> RunLabUntil(Lab& lab, MonotonicTime deadline) {
  co_return co_await WithDeadline(deadline, RunLab(lab));
}

// As above, but stopped from within and at every time instead of every event.
TEST_F(CancellationTest, ADeadlineAtEveryMillisecond) {
  for (int ms = 0; ms < 1'500; ms += 7) {
    SCOPED_TRACE(ms);
    Lab lab;
    TestProcess process;
    const MonotonicTime deadline = At(absl::Milliseconds(ms));
    const absl::Status status = process.RunTask(&RunLabUntil, std::ref(lab), deadline);
    EXPECT_TRUE(status.ok() || absl::IsDeadlineExceeded(status)) << status;
    EXPECT_EQ(lab.begun, lab.committed);
    EXPECT_EQ(lab.device.in_flight, 0);
    EXPECT_EQ(lab.alive, 0);
    EXPECT_LE(process.now(), std::max(deadline + absl::Seconds(1), At(absl::Seconds(2))));
  }
}

// Two processes on one loop: killing one, also from a task of the other, leaves the other alone.
Task<absl::Status> KillOther(Executor& other, absl::Duration when) {
  const absl::Status slept = co_await Sleep(when);
  other.Kill();
  co_return slept;
}

TEST_F(CancellationTest, OneProcessKillsAnother) {
  for (int ms = 0; ms < 900; ms += 13) {
    SCOPED_TRACE(ms);
    Lab kept, killed;
    {
      TestProcess process;
      Executor victim(process.loop());
      absl::Status status = absl::UnknownError("not done");
      process.executor().Start([&](absl::Status s) { status = std::move(s); }, &RunLab,
                               std::ref(kept));
      victim.Start([](absl::Status) {}, &RunLab, std::ref(killed));
      process.executor().Start([](absl::Status) {}, &KillOther, std::ref(victim),
                               absl::Milliseconds(ms));
      process.Run();
      EXPECT_TRUE(status.ok()) << status;
      EXPECT_TRUE(victim.dead());
      EXPECT_EQ(victim.live(), 0u);
    }
    EXPECT_EQ(kept.collected, kExperiments);
    EXPECT_EQ(killed.alive, 0);
    EXPECT_EQ(killed.device.in_flight, 0);
    EXPECT_EQ(killed.benches.available(), 2u);
  }
}

// A reader that waits in one process for what another process writes when it dies: the wake-up from
// a destructor in a dying process reaches the living.
class Tell {
 public:
  explicit Tell(Gate& gate) : gate_(&gate) {}
  Tell(const Tell&) = delete;
  ~Tell() {
    if (!gate_->empty()) gate_->Open(1);
  }

 private:
  Gate* gate_;
};
Task<absl::Status> TellAtEnd(Gate& gate) {
  const Tell tell(gate);
  co_return co_await Sleep(absl::Hours(1));
}
Task<absl::Status> Listen(Gate& gate) { co_return (co_await gate.Pass()).status(); }

TEST_F(CancellationTest, DestructorsOfTheDyingWakeTheLiving) {
  Gate gate;
  TestProcess process;
  Executor victim(process.loop());
  absl::Status heard = absl::UnknownError("nothing");
  process.executor().Start([&](absl::Status s) { heard = std::move(s); }, &Listen, std::ref(gate));
  victim.Start([](absl::Status) {}, &TellAtEnd, std::ref(gate));
  process.loop().RunUntilIdle();
  victim.Kill();
  EXPECT_EQ(process.loop().ready_count(), 1u);
  process.loop().RunUntilIdle();
  EXPECT_TRUE(heard.ok()) << heard;
}

TEST_F(CancellationTest, DestructorsOfTheDyingDoNotWakeTheDying) {
  Gate gate;
  TestProcess process;
  const auto ignore = [](absl::Status) {};
  process.executor().Start(ignore, &Listen, std::ref(gate));
  process.executor().Start(ignore, &TellAtEnd, std::ref(gate));
  process.loop().RunUntilIdle();
  process.executor().Kill();
  EXPECT_EQ(process.loop().ready_count(), 0u);
  process.loop().RunUntilIdle();
}

Task<absl::Status> WaitTwice(Gate& gate) {
  EXPECT_EQ((co_await gate.Pass()).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(gate.stops, 1);
  // Level-triggered: later waits fail without having begun.
  EXPECT_EQ((co_await gate.Pass()).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(gate.stops, 1);
  // What is known already is delivered.
  CO_ASSIGN_OR_RETURN(const int value, co_await Ready(3));
  EXPECT_EQ(value, 3);
  co_return absl::OkStatus();
}

TEST_F(CancellationTest, AStopIsLevelTriggered) {
  Gate gate;
  TestProcess process;
  absl::Status status = absl::UnknownError("not done");
  process.executor().Start([&](absl::Status s) { status = std::move(s); }, &WaitTwice,
                           std::ref(gate));
  process.loop().RunUntilIdle();
  process.executor().root().RequestStop();
  EXPECT_EQ(process.loop().ready_count(), 1u);  // nothing is resumed inline
  process.executor().root().RequestStop();
  process.loop().RunUntilIdle();
  EXPECT_TRUE(status.ok()) << status;
}

TEST_F(CancellationTest, DeathWhenFinishedTwice) {
  // The default OnStop() leaves the operation in the list it stands in.
  class Careless final : public PendingOperation<absl::Status>, public ListNode<Careless> {
   public:
    explicit Careless(List<Careless>& list) : list_(list) {}
    void Complete() { Finish(absl::OkStatus()); }

   private:
    void Start() override { list_.PushBack(*this); }
    List<Careless>& list_;
  };
  struct Local {
    static Task<absl::Status> Wait(List<Careless>& list) {
      co_return co_await Operation<absl::Status>(std::make_unique<Careless>(list));
    }
  };
  EXPECT_DEATH(
      {
        List<Careless> list;
        TestProcess process;
        process.executor().Start([](absl::Status) {}, &Local::Wait, std::ref(list));
        process.loop().RunUntilIdle();
        process.executor().root().RequestStop();
        list.PopFront().Complete();
      },
      "finished twice");
}

}  // namespace
}  // namespace stagepost
