// The example of docs/coroutines.md, which quotes it word for word (docs/examples_test.py sees to
// it).
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "mta/async/async_test_util.h"
#include "mta/async/deadline.h"
#include "mta/async/operation.h"
#include "mta/async/scope.h"
#include "mta/base/intrusive_list.h"
#include "mta/base/status_macros.h"
#include "mta/base/time.h"

namespace stagepost {
namespace {

// Lets tasks wait until somebody rings. Outlives those who wait.
class Doorbell {
 public:
  // Waits for the next Ring(). Cancelled: total, nothing has happened.
  Operation<absl::Status> Wait() {
    return Operation<absl::Status>(std::make_unique<Waiter>(*this));
  }
  void Ring() {
    while (!waiters_.empty()) waiters_.PopFront().Answer();
  }

 private:
  class Waiter final : public PendingOperation<absl::Status>, public ListNode<Waiter> {
   public:
    explicit Waiter(Doorbell& bell) : bell_(bell) {}
    void Answer() { Finish(absl::OkStatus()); }

   private:
    void Start() override { bell_.waiters_.PushBack(*this); }
    void OnStop() override {
      ListNode<Waiter>::Unlink();  // else Ring() would finish it a second time
      Finish(absl::CancelledError("cancelled"));
    }
    Doorbell& bell_;
  };
  List<Waiter> waiters_;
};

Task<absl::Status> Visit(Doorbell& bell, std::string& log, std::string name) {
  const MonotonicTime patience = (co_await CurrentContext()).loop().now() + absl::Minutes(5);
  CO_RETURN_IF_ERROR(co_await WithDeadline(patience, bell.Wait()));
  log += name + " ";
  co_return absl::OkStatus();
}

Task<absl::Status> Invite(TaskScope& guests, Doorbell& bell, std::string& log) {
  CO_RETURN_IF_ERROR(guests.Spawn(&Visit, std::ref(bell), std::ref(log), "alice"));
  CO_RETURN_IF_ERROR(guests.Spawn(&Visit, std::ref(bell), std::ref(log), "bob"));
  CO_RETURN_IF_ERROR(co_await Sleep(absl::Minutes(1)));
  bell.Ring();
  co_return absl::OkStatus();
}

Task<absl::Status> Party(Doorbell& bell, std::string& log) {
  co_return co_await WithScope("guests", TaskScope::Policy::kFirstError, 10, &Invite,
                               std::ref(bell), std::ref(log));
}

using DoorbellTest = AsyncTest;

TEST_F(DoorbellTest, EverybodyComesIn) {
  Doorbell bell;
  std::string log;
  TestProcess process;
  EXPECT_TRUE(process.RunTask(&Party, std::ref(bell), std::ref(log)).ok());
  EXPECT_EQ(log, "alice bob ");
  EXPECT_EQ(process.now(), At(absl::Minutes(1)));
}

TEST_F(DoorbellTest, PatienceEnds) {
  Doorbell bell;
  std::string log;
  TestProcess process;
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      process.RunTask(&Visit, std::ref(bell), std::ref(log), std::string("carol"))));
  bell.Ring();  // nobody is there
  process.Run();
  EXPECT_EQ(log, "");
  EXPECT_EQ(process.now(), At(absl::Minutes(5)));
}

TEST_F(DoorbellTest, AStopReachesThemAll) {
  Doorbell bell;
  std::string log;
  TestProcess process;
  absl::Status status;
  process.executor().Start([&](absl::Status s) { status = std::move(s); }, &Party, std::ref(bell),
                           std::ref(log));
  process.RunUntil(At(absl::Seconds(1)));
  process.executor().root().RequestStop();
  process.RunUntil(At(absl::Seconds(1)));
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

TEST_F(DoorbellTest, TheDeadDoNotHear) {
  Doorbell bell;
  std::string log;
  TestProcess process;
  process.executor().Start([](absl::Status) {}, &Party, std::ref(bell), std::ref(log));
  process.RunUntil(At(absl::Seconds(1)));
  process.executor().Kill();
  bell.Ring();
  process.Run();
  EXPECT_EQ(log, "");
}

}  // namespace
}  // namespace stagepost
