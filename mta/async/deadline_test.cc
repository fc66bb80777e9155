#include "mta/async/deadline.h"

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "mta/async/async_test_util.h"
#include "mta/async/channel.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

using DeadlineTest = AsyncTest;
using Code = absl::StatusCode;

MonotonicTime Second(int n) { return At(absl::Seconds(n)); }

Task<absl::Status> SleepTask(absl::Duration duration) { co_return co_await Sleep(duration); }
Task<absl::Status> SleepUnder(MonotonicTime deadline, absl::Duration duration) {
  co_return co_await WithDeadline(deadline, SleepTask(duration));
}

TEST_F(DeadlineTest, StopsWhatIsLate) {
  TestProcess process;
  EXPECT_EQ(process.RunTask(&SleepUnder, Second(5), absl::Seconds(9)).code(),
            Code::kDeadlineExceeded);
  EXPECT_EQ(process.now(), Second(5));
}

TEST_F(DeadlineTest, LeavesAloneWhatIsInTime) {
  TestProcess process;
  EXPECT_EQ(process.RunTask(&SleepUnder, Second(5), absl::Seconds(3)).code(), Code::kOk);
  EXPECT_EQ(process.now(), Second(3));
  EXPECT_TRUE(process.loop().timers().empty());
}

TEST_F(DeadlineTest, CompletionAtTheSameInstantWins) {
  TestProcess process;
  EXPECT_EQ(process.RunTask(&SleepUnder, Second(5), absl::Seconds(5)).code(), Code::kOk);
}

Task<absl::Status> SendLater(Channel<int>& channel, absl::Duration delay) {
  CO_RETURN_IF_ERROR(co_await Sleep(delay));
  co_return co_await channel.Send(1);
}
Task<absl::Status> ReceiveUnder(Channel<int>& channel, MonotonicTime deadline) {
  co_return (co_await WithDeadline(deadline, channel.Receive())).status();
}

// The completion takes two more resumes at the instant of the deadline, and its timer was armed
// last.
TEST_F(DeadlineTest, CompletionAtTheSameInstantWinsAlsoThroughOthers) {
  Channel<int> channel(1);
  TestProcess process;
  absl::Status received;
  process.executor().Start([&](absl::Status s) { received = std::move(s); }, &ReceiveUnder,
                           std::ref(channel), Second(5));
  process.executor().Start([](absl::Status) {}, &SendLater, std::ref(channel), absl::Seconds(5));
  process.Run();
  EXPECT_TRUE(received.ok()) << received;
}

Task<absl::Status> NestedInner(MonotonicTime inner, Code& seen_inside) {
  const absl::Status status = co_await SleepUnder(inner, absl::Hours(1));
  seen_inside = status.code();
  EXPECT_LE((co_await CurrentContext()).deadline(), Second(5));
  co_return status;
}
Task<absl::Status> NestedOuter(MonotonicTime outer, MonotonicTime inner, Code& seen_inside) {
  co_return co_await WithDeadline(outer, NestedInner(inner, seen_inside));
}

TEST_F(DeadlineTest, NestedDeadlinesOnlyShrink) {
  struct Case {
    int outer, inner, end;
    Code inside, outside;
  };
  for (const Case& c : {Case{5, 9, 5, Code::kCancelled, Code::kDeadlineExceeded},
                        Case{5, 5, 5, Code::kCancelled, Code::kDeadlineExceeded},
                        Case{5, 3, 3, Code::kDeadlineExceeded, Code::kDeadlineExceeded}}) {
    TestProcess process;
    Code inside = Code::kOk;
    const absl::Status status =
        process.RunTask(&NestedOuter, Second(c.outer), Second(c.inner), std::ref(inside));
    EXPECT_EQ(inside, c.inside);
    EXPECT_EQ(status.code(), c.outside);
    EXPECT_EQ(process.now(), Second(c.end));
  }
}

Task<absl::StatusOr<int>> PassUnder(Gate& gate, MonotonicTime deadline) {
  co_return co_await WithDeadline(deadline, gate.Pass());
}

TEST_F(DeadlineTest, TheRealResultWins) {
  Gate gate;
  gate.deaf = true;  // asked to stop, it goes on and succeeds
  TestProcess process;
  absl::StatusOr<int> result;
  process.executor().Start([&](absl::StatusOr<int> r) { result = std::move(r); }, &PassUnder,
                           std::ref(gate), Second(5));
  process.RunUntil(Second(7));
  EXPECT_EQ(gate.stops, 1);
  EXPECT_EQ(process.executor().live(), 1u);  // the deadline waits for the child
  gate.Open(250);
  process.Run();
  EXPECT_EQ(result.value_or(0), 250);
}

TEST_F(DeadlineTest, ARealErrorWinsToo) {
  Gate gate;
  gate.deaf = true;
  TestProcess process;
  absl::StatusOr<int> result;
  process.executor().Start([&](absl::StatusOr<int> r) { result = std::move(r); }, &PassUnder,
                           std::ref(gate), Second(5));
  process.RunUntil(Second(7));
  gate.Open(absl::UnavailableError("reset"));
  process.Run();
  EXPECT_EQ(result.status(), absl::UnavailableError("reset"));
}

TEST_F(DeadlineTest, AStopBeforeTheDeadlineStaysAStop) {
  Gate gate;
  gate.deaf = true;
  TestProcess process;
  absl::StatusOr<int> result;
  process.executor().Start([&](absl::StatusOr<int> r) { result = std::move(r); }, &PassUnder,
                           std::ref(gate), Second(5));
  process.RunUntil(Second(1));
  process.executor().root().RequestStop();
  process.RunUntil(Second(9));  // the deadline passes while the child winds down
  gate.Open(absl::CancelledError("cancelled"));
  process.Run();
  EXPECT_EQ(result.status().code(), Code::kCancelled);
}

Task<absl::Status> AfterTheDeadline(Gate& gate) {
  const MonotonicTime past = MonotonicTime();
  CO_RETURN_IF_ERROR(co_await Sleep(absl::Seconds(1)));
  // What would wait fails at once …
  EXPECT_EQ((co_await WithDeadline(past, gate.Pass())).status().code(), Code::kDeadlineExceeded);
  EXPECT_TRUE(gate.empty());
  EXPECT_EQ((co_await WithDeadline(past, Sleep(absl::ZeroDuration()))).code(),
            Code::kDeadlineExceeded);
  EXPECT_EQ((co_await WithDeadline(past, SleepTask(absl::Seconds(1)))).code(),
            Code::kDeadlineExceeded);
  // … what need not wait succeeds.
  EXPECT_EQ((co_await WithDeadline(past, Ready(7))).value_or(0), 7);
  co_return absl::OkStatus();
}

TEST_F(DeadlineTest, ADeadlineInThePast) {
  Gate gate;
  TestProcess process;
  EXPECT_TRUE(process.RunTask(&AfterTheDeadline, std::ref(gate)).ok());
  EXPECT_EQ(process.now(), Second(1));
}

Task<absl::Status> LogsItsEnd(std::string& log) {
  const absl::Status status = co_await Sleep(absl::Hours(1));
  log += status.ok() ? "ok " : "cancelled ";
  co_return status;
}
Task<absl::Status> ChildrenInherit(std::string& log) {
  TaskScope scope(co_await CurrentContext(), "heirs", TaskScope::Policy::kSupervise, 2);
  (void)scope.Spawn(&LogsItsEnd, std::ref(log));
  (void)scope.Spawn(&LogsItsEnd, std::ref(log));
  (void)co_await scope.Join();
  co_return absl::CancelledError("as the children");
}
Task<absl::Status> ChildrenUnder(std::string& log) {
  co_return co_await WithDeadline(Second(5), ChildrenInherit(log));
}

TEST_F(DeadlineTest, ChildrenOfAScopeInheritIt) {
  std::string log;
  TestProcess process;
  EXPECT_EQ(process.RunTask(&ChildrenUnder, std::ref(log)).code(), Code::kDeadlineExceeded);
  EXPECT_EQ(log, "cancelled cancelled ");
  EXPECT_EQ(process.now(), Second(5));
}

// Shields.

Task<absl::Status> Shielded(absl::Duration grace, absl::Duration work) {
  co_return co_await Shield(grace, SleepTask(work));
}
Task<absl::Status> ShieldedUnder(MonotonicTime deadline, absl::Duration grace,
                                 absl::Duration work) {
  co_return co_await WithDeadline(deadline, Shielded(grace, work));
}

TEST_F(DeadlineTest, AShieldPutsOffADeadlineAboveIt) {
  TestProcess process;
  EXPECT_EQ(process.RunTask(&ShieldedUnder, Second(5), absl::Seconds(10), absl::Seconds(12)).code(),
            Code::kOk);
  EXPECT_EQ(process.now(), Second(12));
}

TEST_F(DeadlineTest, AShieldIsBounded) {
  TestProcess process;
  EXPECT_EQ(process.RunTask(&ShieldedUnder, Second(5), absl::Seconds(10), absl::Seconds(20)).code(),
            Code::kDeadlineExceeded);
  EXPECT_EQ(process.now(), Second(15));
}

TEST_F(DeadlineTest, CompletionAtTheEndOfTheGraceWins) {
  TestProcess process;
  EXPECT_EQ(process.RunTask(&ShieldedUnder, Second(5), absl::Seconds(10), absl::Seconds(15)).code(),
            Code::kOk);
}

TEST_F(DeadlineTest, NoGraceIsNoShield) {
  for (const absl::Duration grace : {absl::ZeroDuration(), -absl::Seconds(1)}) {
    TestProcess process;
    EXPECT_EQ(process.RunTask(&ShieldedUnder, Second(5), grace, absl::Seconds(20)).code(),
              Code::kDeadlineExceeded);
    EXPECT_EQ(process.now(), Second(5));
  }
}

TEST_F(DeadlineTest, AShieldUnderAStoppedParentHasItsGrace) {
  for (const int work : {9, 20}) {
    TestProcess process;
    process.executor().root().RequestStop();
    EXPECT_EQ(process.RunTask(&Shielded, absl::Seconds(10), absl::Seconds(work)).code(),
              work == 9 ? Code::kOk : Code::kCancelled);
    EXPECT_EQ(process.now(), Second(std::min(work, 10)));
  }
}

Task<absl::Status> DeadlineInside(absl::Duration grace, MonotonicTime deadline) {
  co_return co_await Shield(grace, WithDeadline(deadline, SleepTask(absl::Hours(1))));
}
Task<absl::Status> ShieldInside(MonotonicTime deadline, absl::Duration grace) {
  co_return co_await WithDeadline(deadline, Shield(grace, SleepTask(absl::Seconds(8))));
}

TEST_F(DeadlineTest, ADeadlineInsideAShieldIsHeardAtOnce) {
  TestProcess process;
  EXPECT_EQ(process.RunTask(&DeadlineInside, absl::Hours(1), Second(3)).code(),
            Code::kDeadlineExceeded);
  EXPECT_EQ(process.now(), Second(3));
}

TEST_F(DeadlineTest, ShieldsAndDeadlinesNestInOneExpression) {
  TestProcess process;
  EXPECT_TRUE(process.RunTask(&ShieldInside, Second(5), absl::Seconds(4)).ok());
  EXPECT_EQ(process.now(), Second(8));
}

TEST_F(DeadlineTest, AShieldKnowsItsLatestEnd) {
  TestProcess process;
  TaskContext parent(process.executor().root());
  TaskContext timed, shielded, inner;
  timed.AttachWithDeadline(parent, Second(5));
  shielded.AttachShielded(timed, absl::Seconds(10));
  EXPECT_EQ(timed.deadline(), Second(5));
  EXPECT_EQ(shielded.deadline(), Second(15));
  inner.AttachWithDeadline(shielded, Second(20));
  EXPECT_EQ(inner.deadline(), Second(15));
  process.RunUntil(Second(14));
  EXPECT_TRUE(timed.stop_requested());
  EXPECT_FALSE(inner.stop_requested());
  process.RunUntil(Second(15));
  EXPECT_TRUE(inner.stop_requested());
  EXPECT_TRUE(timed.deadline_passed());
  EXPECT_FALSE(inner.deadline_passed());
  inner.Detach();
  shielded.Detach();
  timed.Detach();
}

Task<int> PlainInt() { co_return 5; }
Task<int> ShieldsAnything() { co_return co_await Shield(absl::Seconds(1), PlainInt()); }

TEST_F(DeadlineTest, AShieldTakesAnyResult) {
  EXPECT_EQ(TestProcess().RunTask(&ShieldsAnything), 5);
}

Task<absl::Status> SleepsInTurn(std::string& log, char id, absl::Duration duration) {
  CO_RETURN_IF_ERROR(co_await Sleep(duration));
  log.push_back(id);
  CO_RETURN_IF_ERROR(co_await SleepUntil(Second(1)));
  log.push_back(id);
  co_return absl::OkStatus();
}

TEST_F(DeadlineTest, SleepersWakeInOrder) {
  std::string log;
  TestProcess process;
  const auto ignore = [](absl::Status) {};
  process.executor().Start(ignore, &SleepsInTurn, std::ref(log), 'a', absl::Seconds(3));
  process.executor().Start(ignore, &SleepsInTurn, std::ref(log), 'b', absl::ZeroDuration());
  process.executor().Start(ignore, &SleepsInTurn, std::ref(log), 'c', -absl::Seconds(1));
  process.Run();
  EXPECT_EQ(log, "cbcbaa");
  EXPECT_EQ(process.now(), Second(3));
}

// A driver may look at the timers between the stop and the resume.
TEST_F(DeadlineTest, AStoppedSleeperIsNotWokenAgain) {
  TestProcess process;
  absl::Status status;
  process.executor().Start([&](absl::Status s) { status = std::move(s); }, &SleepTask,
                           absl::Seconds(5));
  process.RunUntil(Second(4));
  process.executor().root().RequestStop();
  process.loop().Advance(Second(5));
  EXPECT_FALSE(process.loop().timers().FireNext(Second(5)));
  process.Run();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

TEST_F(DeadlineTest, DeathWhenAContextEndsBeforeWhatRunsInIt) {
  TestProcess process;
  EXPECT_DEATH(
      {
        TaskContext below;
        TaskContext above(process.executor().root());
        below.Attach(above);
      },
      "a context ends before what runs in it");
}

// --- A process that stands still in a system call.

TEST_F(DeadlineTest, PassesWhenAStalledProcessGoesOn) {
  TestProcess process;
  absl::Status late, in_time;
  const auto done = [](absl::Status& to) {
    return [&to](absl::Status status) { to = std::move(status); };
  };
  process.executor().Start(done(late), &SleepUnder, Second(5), absl::Seconds(20));
  process.executor().Start(done(in_time), &SleepUnder, Second(7), absl::Seconds(6));
  process.RunUntil(Second(3));
  Loop& loop = process.loop();
  loop.Stall(process.executor());
  EXPECT_TRUE(loop.stalled(process.executor()));
  while (loop.timers().next_deadline() <= Second(9)) {  // nobody runs its tasks
    loop.Advance(loop.timers().next_deadline());
    loop.timers().FireNext(loop.now());
  }
  loop.Advance(Second(9));
  EXPECT_EQ(loop.ready_count(), 1u) << "the sleep that has ended";
  EXPECT_EQ(loop.runnable_count(), 0u);
  loop.GoOn(process.executor());
  EXPECT_FALSE(loop.stalled(process.executor()));
  EXPECT_EQ(loop.runnable_count(), 2u);
  process.Run();
  EXPECT_EQ(late.code(), Code::kDeadlineExceeded);
  EXPECT_EQ(in_time.code(), Code::kOk) << "it had slept before its deadline came up";
  EXPECT_EQ(process.now(), Second(9));
}

TEST_F(DeadlineTest, AStalledProcessMayBeKilled) {
  TestProcess process;
  process.executor().Start([](absl::Status) {}, &SleepUnder, Second(5), absl::Seconds(20));
  process.RunUntil(Second(1));
  process.loop().Stall(process.executor());
  process.RunUntil(Second(6));
  process.executor().Kill();
  EXPECT_FALSE(process.loop().stalled(process.executor()));
  process.Run();
  EXPECT_TRUE(process.loop().timers().empty());
}

TEST_F(DeadlineTest, OneStalledProcessLeavesTheOthersAlone) {
  Loop loop;
  Executor stalled(loop), other(loop);
  bool first = false, second = false;
  const auto nothing = []() -> Task<int> { co_return 0; };
  stalled.Start([&](int) { first = true; }, +nothing);
  other.Start([&](int) { second = true; }, +nothing);
  loop.Stall(stalled);
  ASSERT_EQ(loop.runnable_count(), 1u);
  loop.RunReady(loop.RunnableIndex(0));
  EXPECT_TRUE(second);
  EXPECT_FALSE(first);
  EXPECT_EQ(loop.runnable_count(), 0u);
  loop.GoOn(stalled);
  loop.RunUntilIdle();
  EXPECT_TRUE(first);
}

}  // namespace
}  // namespace stagepost
