#include "mta/async/semaphore.h"

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "mta/async/async_test_util.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

using SemaphoreTest = AsyncTest;

// Acquires, holds for `hold`, gives back; writes "a" and then "A" for id 'a'.
Task<absl::Status> Hold(Semaphore& semaphore, std::string& log, char id, absl::Duration hold) {
  auto permit = co_await semaphore.Acquire();
  if (!permit.ok()) {
    log.push_back('!');
    co_return permit.status();
  }
  log.push_back(id);
  CO_RETURN_IF_ERROR(co_await Sleep(hold));
  log.push_back(static_cast<char>(id - 'a' + 'A'));
  co_return absl::OkStatus();
}

class Holders {
 public:
  explicit Holders(size_t permits) : semaphore(permits) {}
  // Starts Hold(); `context` may stop it.
  void Start(char id, absl::Duration hold) {
    process.executor().Start([](absl::Status) {}, &Hold, std::ref(semaphore), std::ref(log), id,
                             hold);
  }
  Semaphore semaphore;
  std::string log;
  TestProcess process;
};

TEST_F(SemaphoreTest, FirstComeFirstServed) {
  Holders h(2);
  for (char id = 'a'; id < 'g'; ++id) h.Start(id, absl::Seconds(1));
  h.process.RunUntil(At(absl::ZeroDuration()));
  EXPECT_EQ(h.log, "ab");
  EXPECT_EQ(h.semaphore.available(), 0u);
  h.process.Run();
  EXPECT_EQ(h.log, "abAcBdCeDfEF");
  EXPECT_EQ(h.semaphore.available(), 2u);
  EXPECT_EQ(h.process.now(), At(absl::Seconds(3)));
}

Task<absl::Status> StopOneOfThree(TestProcess& process, Semaphore& semaphore, std::string& log) {
  TaskContext& context = co_await CurrentContext();
  TaskScope kept(context, "kept", TaskScope::Policy::kSupervise, 9);
  TaskScope stopped(context, "stopped", TaskScope::Policy::kSupervise, 9);
  const auto spawn = [&](TaskScope& scope, char id) {
    EXPECT_TRUE(scope.Spawn(&Hold, std::ref(semaphore), std::ref(log), id, absl::Seconds(10)).ok());
  };
  spawn(kept, 'a');
  spawn(stopped, 'b');
  spawn(kept, 'c');
  (void)co_await Sleep(absl::Seconds(1));
  stopped.RequestStop();
  CO_RETURN_IF_ERROR(co_await stopped.Join());
  EXPECT_EQ(process.now(), At(absl::Seconds(1)));
  co_return co_await kept.Join();
}

TEST_F(SemaphoreTest, ACancelledWaiterLeavesTheLine) {
  Semaphore semaphore(1);
  std::string log;
  TestProcess process;
  EXPECT_TRUE(
      process.RunTask(&StopOneOfThree, std::ref(process), std::ref(semaphore), std::ref(log)).ok());
  EXPECT_EQ(log, "a!AcC");
  EXPECT_EQ(semaphore.available(), 1u);
}

TEST_F(SemaphoreTest, AHolderThatIsStoppedGivesItsPermitToTheNext) {
  Holders h(1);
  h.Start('a', absl::Seconds(100));
  h.process.RunUntil(At(absl::Seconds(1)));
  h.process.executor().root().RequestStop();
  h.Start('b', absl::Seconds(1));  // needs not wait once a is gone, but its Sleep fails
  h.process.Run();
  EXPECT_EQ(h.log, "ab");
  EXPECT_EQ(h.semaphore.available(), 1u);
}

TEST_F(SemaphoreTest, AGrantBeforeTheStopIsDelivered) {
  Holders h(1);
  h.Start('a', absl::Seconds(1));
  h.Start('b', absl::Seconds(1));
  h.process.RunUntil(At(absl::Milliseconds(500)));
  // Up to the point where a has given its permit to b, which is ready but has not been resumed.
  while (h.log != "aA") h.process.Step();
  EXPECT_EQ(h.process.loop().ready_count(), 1u);
  h.process.executor().root().RequestStop();
  h.process.Run();
  EXPECT_EQ(h.log, "aAb");
  EXPECT_EQ(h.semaphore.available(), 1u);
}

TEST_F(SemaphoreTest, PermitsOfADeadProcessComeBack) {
  for (int steps = 0; steps < 40; ++steps) {
    Holders h(2);
    for (char id = 'a'; id < 'f'; ++id) h.Start(id, absl::Seconds(1));
    for (int i = 0; i < steps; ++i) h.process.Step();
    h.process.executor().Kill();
    EXPECT_EQ(h.semaphore.available(), 2u) << steps;
  }
}

Task<absl::Status> OwnsWhatAnOlderTaskWaitsFor(Semaphore*& published) {
  Semaphore semaphore(1);
  published = &semaphore;
  auto permit = co_await semaphore.Acquire();
  co_return co_await Sleep(absl::Seconds(10));
}
Task<absl::Status> WaitsForTheYounger(Semaphore*& published) {
  CO_RETURN_IF_ERROR(co_await Sleep(absl::Seconds(1)));
  auto permit = co_await published->Acquire();
  co_return permit.status();
}

TEST_F(SemaphoreTest, MayDieBeforeItsWaitersInADyingProcess) {
  Semaphore* published = nullptr;
  TestProcess process;
  const auto ignore = [](absl::Status) {};
  process.executor().Start(ignore, &WaitsForTheYounger, std::ref(published));
  process.executor().Start(ignore, &OwnsWhatAnOlderTaskWaitsFor, std::ref(published));
  process.RunUntil(At(absl::Seconds(2)));
  EXPECT_EQ(process.executor().live(), 2u);
  process.executor().Kill();
  EXPECT_EQ(process.executor().live(), 0u);
}

TEST_F(SemaphoreTest, DeathWhenDestroyedWithWaiters) {
  EXPECT_DEATH(
      {
        Semaphore* published = nullptr;
        TestProcess process;
        const auto ignore = [](absl::Status) {};
        process.executor().Start(ignore, &WaitsForTheYounger, std::ref(published));
        process.executor().Start(ignore, &OwnsWhatAnOlderTaskWaitsFor, std::ref(published));
        process.Run();
      },
      "a semaphore is destroyed while somebody waits for it");
}

}  // namespace
}  // namespace stagepost
