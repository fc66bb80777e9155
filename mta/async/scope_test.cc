#include "mta/async/scope.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "mta/async/async_test_util.h"
#include "mta/async/channel.h"
#include "mta/async/deadline.h"
#include "mta/async/semaphore.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

using ScopeTest = AsyncTest;
using Policy = TaskScope::Policy;

// Ends with `status` after `delay`; notes when it is cancelled instead.
Task<absl::Status> EndWith(std::string& log, absl::Duration delay, absl::Status status) {
  const absl::Status slept = co_await Sleep(delay);
  log.push_back(slept.ok() ? (status.ok() ? 'k' : 'e') : 'c');
  co_return slept.ok() ? status : slept;
}

Task<absl::Status> ThreeChildren(Policy policy, std::string& log) {
  TaskScope scope(co_await CurrentContext(), "three", policy, 3);
  (void)scope.Spawn(&EndWith, std::ref(log), absl::Seconds(1), absl::OkStatus());
  (void)scope.Spawn(&EndWith, std::ref(log), absl::Seconds(2), absl::DataLossError("disk"));
  (void)scope.Spawn(&EndWith, std::ref(log), absl::Seconds(3), absl::OkStatus());
  EXPECT_EQ(scope.live(), 3u);
  co_return co_await scope.Join();
}

TEST_F(ScopeTest, TheFirstErrorStopsTheSiblings) {
  std::string log;
  TestProcess process;
  const absl::Status status = process.RunTask(&ThreeChildren, Policy::kFirstError, std::ref(log));
  EXPECT_EQ(status, absl::DataLossError("disk"));
  EXPECT_EQ(log, "kec");
  EXPECT_EQ(process.now(), At(absl::Seconds(2)));
}

TEST_F(ScopeTest, SuperviseLetsThemGoOn) {
  std::string log;
  TestProcess process;
  EXPECT_TRUE(process.RunTask(&ThreeChildren, Policy::kSupervise, std::ref(log)).ok());
  EXPECT_EQ(log, "kek");
  EXPECT_EQ(process.now(), At(absl::Seconds(3)));
}

Task<absl::Status> Limits(std::string& log) {
  TaskScope scope(co_await CurrentContext(), "few", Policy::kSupervise, 2);
  const auto spawn = [&] {
    return scope.Spawn(&EndWith, std::ref(log), absl::Seconds(1), absl::OkStatus()).code();
  };
  EXPECT_EQ(spawn(), absl::StatusCode::kOk);
  EXPECT_EQ(spawn(), absl::StatusCode::kOk);
  EXPECT_EQ(spawn(), absl::StatusCode::kResourceExhausted);
  CO_RETURN_IF_ERROR(co_await scope.Join());
  // A scope may be used again after it was joined.
  EXPECT_EQ(spawn(), absl::StatusCode::kOk);
  scope.Close();
  EXPECT_EQ(spawn(), absl::StatusCode::kFailedPrecondition);
  co_return co_await scope.Join();
}

TEST_F(ScopeTest, HasALimitAndAGate) {
  std::string log;
  EXPECT_TRUE(TestProcess().RunTask(&Limits, std::ref(log)).ok());
  EXPECT_EQ(log, "kkk");
}

Task<absl::Status> RefusedArguments(int& alive) {
  TaskScope scope(co_await CurrentContext(), "closed", Policy::kSupervise, 2);
  scope.Close();
  const auto body = [](Tracked) -> Task<absl::Status> { co_return absl::OkStatus(); };
  EXPECT_FALSE(scope.Spawn(body, Tracked(alive)).ok());
  EXPECT_EQ(alive, 0);
  co_return co_await scope.Join();
}

TEST_F(ScopeTest, DestroysTheArgumentsOfARefusedChild) {
  int alive = 0;
  EXPECT_TRUE(TestProcess().RunTask(&RefusedArguments, std::ref(alive)).ok());
}

Task<absl::Status> StopAndJoin(std::string& log) {
  TaskScope scope(co_await CurrentContext(), "stopped", Policy::kSupervise, 2);
  (void)scope.Spawn(&EndWith, std::ref(log), absl::Hours(1), absl::OkStatus());
  // Its first leaf fails, although it starts only after the stop.
  (void)scope.Spawn(&EndWith, std::ref(log), absl::Hours(1), absl::OkStatus());
  scope.RequestStop();
  co_return co_await scope.Join();
}

TEST_F(ScopeTest, JoinAfterCancelWaitsForTheAnswers) {
  std::string log;
  TestProcess process;
  EXPECT_TRUE(process.RunTask(&StopAndJoin, std::ref(log)).ok());
  EXPECT_EQ(log, "cc");
  EXPECT_EQ(process.now(), MonotonicTime());
}

Task<absl::Status> SlowToStop(Gate& gate) { co_return (co_await gate.Pass()).status(); }
Task<absl::Status> JoinSlow(Gate& gate) {
  TaskScope scope(co_await CurrentContext(), "slow", Policy::kSupervise, 2);
  (void)scope.Spawn(&SlowToStop, std::ref(gate));
  co_return co_await scope.Join();
}

TEST_F(ScopeTest, JoinInAStoppedContextStillWaits) {
  Gate gate;
  gate.deaf = true;
  TestProcess process;
  bool done = false;
  process.executor().Start([&](absl::Status) { done = true; }, &JoinSlow, std::ref(gate));
  process.Run();
  process.executor().root().RequestStop();
  process.Run();
  EXPECT_EQ(gate.stops, 1);
  EXPECT_FALSE(done);
  gate.Open(1);
  process.Run();
  EXPECT_TRUE(done);
}

Task<absl::Status> DeadlineTheRest(std::string& log, TestProcess& process) {
  TaskScope scope(co_await CurrentContext(), "rest", Policy::kFirstError, 2);
  (void)scope.Spawn(&EndWith, std::ref(log), absl::Seconds(1), absl::OkStatus());
  (void)scope.Spawn(&EndWith, std::ref(log), absl::Hours(1), absl::OkStatus());
  const absl::Status joined = co_await WithDeadline(At(absl::Minutes(1)), scope.Join());
  EXPECT_EQ(joined.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(process.now(), At(absl::Minutes(1)));
  EXPECT_EQ(scope.live(), 0u);
  co_return absl::OkStatus();
}

TEST_F(ScopeTest, ADeadlineOfTheJoinStopsTheChildren) {
  std::string log;
  TestProcess process;
  EXPECT_TRUE(process.RunTask(&DeadlineTheRest, std::ref(log), std::ref(process)).ok());
  EXPECT_EQ(log, "kc");
}

Task<absl::Status> FailingBody(TaskScope& scope, std::string& log) {
  CO_RETURN_IF_ERROR(
      scope.Spawn(&EndWith, std::ref(log), absl::Hours(1), absl::DataLossError("child")));
  CO_RETURN_IF_ERROR(co_await Sleep(absl::Seconds(1)));
  co_return absl::UnavailableError("body");
}
Task<absl::Status> InheritingBody(TaskScope& scope, std::string& log) {
  CO_RETURN_IF_ERROR(
      scope.Spawn(&EndWith, std::ref(log), absl::Seconds(1), absl::DataLossError("child")));
  co_return absl::OkStatus();
}

template <class F>
Task<absl::Status> RunBody(Policy policy, F body, std::string& log) {
  co_return co_await WithScope("body", policy, 5, body, std::ref(log));
}

TEST_F(ScopeTest, WithScopeJoinsOnEveryWayOut) {
  std::string log;
  TestProcess process;
  EXPECT_EQ(process.RunTask(&RunBody<decltype(&FailingBody)>, Policy::kFirstError, &FailingBody,
                            std::ref(log)),
            absl::UnavailableError("body"));
  EXPECT_EQ(log, "c");
  EXPECT_EQ(process.RunTask(&RunBody<decltype(&InheritingBody)>, Policy::kFirstError,
                            &InheritingBody, std::ref(log)),
            absl::DataLossError("child"));
  EXPECT_EQ(log, "ce");
}

Task<absl::Status> PatientBody(TaskScope& scope, std::string& log) {
  (void)scope.Spawn(&EndWith, std::ref(log), absl::Seconds(1), absl::DataLossError("child"));
  co_return co_await EndWith(log, absl::Hours(1), absl::OkStatus());
}
Task<absl::Status> StoppingBody(TaskScope& scope, std::string& log) {
  (void)scope.Spawn(&EndWith, std::ref(log), absl::Hours(1), absl::OkStatus());
  scope.RequestStop();
  EXPECT_TRUE(
      absl::IsCancelled(scope.Spawn(&EndWith, std::ref(log), absl::Hours(1), absl::OkStatus())));
  co_return absl::OkStatus();
}
TEST_F(ScopeTest, TheFirstErrorStopsTheBody) {
  std::string log;
  TestProcess process;
  EXPECT_EQ(process.RunTask(&RunBody<decltype(&PatientBody)>, Policy::kFirstError, &PatientBody,
                            std::ref(log)),
            absl::DataLossError("child"));
  EXPECT_EQ(log, "ec");
  EXPECT_EQ(process.now(), At(absl::Seconds(1)));
}

TEST_F(ScopeTest, ABodyMayStopItsScope) {
  std::string log;
  TestProcess process;
  EXPECT_TRUE(process
                  .RunTask(&RunBody<decltype(&StoppingBody)>, Policy::kSupervise, &StoppingBody,
                           std::ref(log))
                  .ok());
  EXPECT_EQ(log, "c");
}

Task<absl::Status> Tree(int depth, int& leaves) {
  if (depth == 0) {
    ++leaves;
    co_return co_await Sleep(absl::Seconds(1));
  }
  TaskScope scope(co_await CurrentContext(), "tree", Policy::kFirstError, 4);
  for (int i = 0; i < 4; ++i) (void)scope.Spawn(&Tree, depth - 1, std::ref(leaves));
  co_return co_await scope.Join();
}

TEST_F(ScopeTest, ScopesNest) {
  int leaves = 0;
  TestProcess process;
  EXPECT_TRUE(process.RunTask(&Tree, 5, std::ref(leaves)).ok());
  EXPECT_EQ(leaves, 1024);
}

TEST_F(ScopeTest, AStopReachesEveryLeafOfTheTree) {
  int leaves = 0;
  TestProcess process;
  absl::Status status;
  process.executor().Start([&](absl::Status s) { status = std::move(s); }, &Tree, 5,
                           std::ref(leaves));
  process.RunUntil(At(absl::Milliseconds(1)));
  process.executor().root().RequestStop();
  process.RunUntil(At(absl::Milliseconds(2)));
  EXPECT_EQ(process.executor().live(), 0u);
  EXPECT_TRUE(absl::IsCancelled(status));
}

TEST_F(ScopeTest, ATreeDies) {
  int leaves = 0;
  TestProcess process;
  process.executor().Start([](absl::Status) {}, &Tree, 5, std::ref(leaves));
  process.RunUntil(At(absl::Milliseconds(1)));
  process.executor().Kill();
  EXPECT_TRUE(process.loop().timers().empty());
  EXPECT_EQ(process.loop().ready_count(), 0u);
}

Task<absl::Status> UsesLaterDeclared(Semaphore& semaphore, Channel<int>& channel, int& alive) {
  const Tracked tracked(alive);
  auto permit = co_await semaphore.Acquire();
  co_return (co_await channel.Receive()).status();
}
// Against the rule: the scope dies after what its children refer to. While the process lives,
// Join() comes before; in death the youngest task dies first all the same.
Task<absl::Status> ScopeDeclaredFirst(int& alive) {
  TaskScope scope(co_await CurrentContext(), "early", Policy::kSupervise, 3);
  Semaphore semaphore(1);
  Channel<int> channel(1);
  for (int i = 0; i < 3; ++i) {
    (void)scope.Spawn(&UsesLaterDeclared, std::ref(semaphore), std::ref(channel), std::ref(alive));
  }
  co_return co_await scope.Join();
}

TEST_F(ScopeTest, InDeathChildrenGoBeforeWhatTheyWereGiven) {
  int alive = 0;
  TestProcess process;
  process.executor().Start([](absl::Status) {}, &ScopeDeclaredFirst, std::ref(alive));
  process.loop().RunUntilIdle();
  EXPECT_EQ(alive, 3);
  process.executor().Kill();
  EXPECT_EQ(alive, 0);
}

// Spawns from its destructor.
class Respawner {
 public:
  Respawner(TaskScope& scope, std::string& log) : scope_(scope), log_(log) {}
  ~Respawner() {
    log_.push_back(scope_.Spawn(&EndWith, std::ref(log_), absl::Seconds(1), absl::OkStatus()).ok()
                       ? 'y'
                       : 'n');
  }

 private:
  TaskScope& scope_;
  std::string& log_;
};
Task<absl::Status> RespawnsLate(std::string& log) {
  TaskScope scope(co_await CurrentContext(), "late", Policy::kSupervise, 3);
  Respawner respawner(scope, log);
  co_return co_await Sleep(absl::Hours(1));
}

TEST_F(ScopeTest, NothingIsSpawnedInADyingProcess) {
  std::string log;
  TestProcess process;
  process.executor().Start([](absl::Status) {}, &RespawnsLate, std::ref(log));
  process.loop().RunUntilIdle();
  process.executor().Kill();
  EXPECT_EQ(log, "n");
}

Task<absl::Status> ForgetsToJoin(std::string& log, absl::Duration wait) {
  TaskScope scope(co_await CurrentContext(), "forgotten", Policy::kSupervise, 3);
  (void)scope.Spawn(&EndWith, std::ref(log), absl::Seconds(1), absl::OkStatus());
  co_return co_await Sleep(wait);
}

TEST_F(ScopeTest, DeathWhenNotJoined) {
  std::string log;
  EXPECT_DEATH((void)TestProcess().RunTask(&ForgetsToJoin, std::ref(log), absl::ZeroDuration()),
               "scope forgotten was not joined; 1 children run");
  // Also when the child happens to have finished.
  EXPECT_DEATH((void)TestProcess().RunTask(&ForgetsToJoin, std::ref(log), absl::Hours(1)),
               "scope forgotten was not joined; 0 children run");
}

Task<absl::Status> JoinAgain(TaskScope& scope) { co_return co_await scope.Join(); }
Task<absl::Status> JoinsTwice() {
  TaskScope scope(co_await CurrentContext(), "twice", Policy::kSupervise, 3);
  (void)scope.Spawn(&JoinAgain, std::ref(scope));
  co_return co_await scope.Join();
}

TEST_F(ScopeTest, DeathWhenJoinedTwice) {
  EXPECT_DEATH((void)TestProcess().RunTask(&JoinsTwice), "scope twice is joined twice");
}

}  // namespace
}  // namespace stagepost
