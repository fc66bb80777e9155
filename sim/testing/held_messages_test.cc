// Accepted messages that wait for their delivery locked, as they came, and those for which there is
// no room.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/async/context.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"
#include "mta/deliver/delivery_scheduler.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

// Mail for gone@ is discarded; all other goes to a host that does not answer.
constexpr absl::string_view kConfiguration = R"(V10/Berkeley
Dj$w.
DnMAILER-DAEMON
Cwcorp.example
O OperatorChars=.:%@!^/[]+
O Timeout.connect=1m
Mlocal, P=/usr/libexec/sendmail/mail.local, F=lsDFMAw5:/|@qSPXmnz9, S=10, R=10, A=mail.local -l
Mesmtp, P=[IPC], F=mDFMuXa, S=10, R=10, A=TCP $h
S10
S3
R$*<$*>$*	$2
R$+@$+	$@$1<@$2>
S0
R$+<@$+>	$#esmtp $@[192.0.2.99] $:$1<@$2>
S4
R$*<$*>$*	$1$2$3
Scheck_compat
R$* $| $* gone $*	$#discard $:discard
)";

// Counts how often a message is looked for in the directory.
class CountingQueue final : public Queue {
 public:
  explicit CountingQueue(Queue& queue) : queue_(queue) {}
  int locks = 0;

  const QueueLayout& layout() const override { return queue_.layout(); }
  std::vector<std::string> ChangeLayout(QueueLayout wanted) override {
    return queue_.ChangeLayout(std::move(wanted));
  }
  std::string NewId() override { return queue_.NewId(); }
  Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> Create(std::string id,
                                                                std::string group) override {
    co_return co_await queue_.Create(std::move(id), std::move(group));
  }
  Task<absl::StatusOr<std::vector<std::string>>> List(QueueSelection selection,
                                                      GatherFor purpose) override {
    co_return co_await queue_.List(std::move(selection), purpose);
  }
  Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> Lock(std::string id,
                                                            QueueFileKind kind) override {
    ++locks;
    co_return co_await queue_.Lock(std::move(id), kind);
  }
  Task<absl::Status> Print(QueueSelection selection, bool verbose) override {
    co_return co_await queue_.Print(std::move(selection), verbose);
  }
  void BeginReceiving() override { queue_.BeginReceiving(); }
  Task<void> EndReceiving() override { co_await queue_.EndReceiving(); }
  Task<absl::Status> RemoveOrphans() override { co_return co_await queue_.RemoveOrphans(); }
  Task<absl::StatusOr<bool>> HasRoom(std::string id, std::string peer, int64_t bytes) override {
    co_return co_await queue_.HasRoom(std::move(id), std::move(peer), bytes);
  }

 private:
  Queue& queue_;
};

struct Plan {
  size_t messages = 0;
  std::string to;
  size_t jobs = 1;
  bool stop_at_once = false;
  // What is found:
  absl::Status status = absl::UnknownError("not reached");
  int locks = 0;            // by the scheduler
  size_t held = 0;          // locked while all wait
  size_t locked_after = 0;  // still locked when the scheduler has stopped
};

Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> Accept(Queue& queue, std::string to) {
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<IncomingMessage> message,
                      co_await queue.Create(queue.NewId(), ""));
  CO_RETURN_IF_ERROR(co_await message->AppendBody("hello\n"));
  Envelope envelope;
  envelope.sender = "u@outside.example";
  envelope.recipients.emplace_back().address = std::move(to);
  envelope.header = {{"Subject", " x", ""}};
  CO_RETURN_IF_ERROR(co_await message->Commit(envelope));
  co_return std::move(message->HandOver(std::move(envelope)).front());
}

Task<size_t> CountLocked(Queue& queue, const std::vector<std::string>& ids) {
  size_t locked = 0;
  for (const std::string& id : ids) locked += absl::IsAborted((co_await queue.Lock(id)).status());
  co_return locked;
}

Task<absl::Status> Carry(Environment& env, Plan& plan) {
  LoadedSite loaded = co_await LoadSite(env, ReadOptions());
  if (loaded.site == nullptr) co_return absl::InternalError(loaded.diagnostics[0].text);
  const std::shared_ptr<Site> site = std::move(loaded.site);
  QueueLayout layout = SingleQueue("/var/spool/mqueue");
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<Queue> queue, co_await OpenQueue(env, layout));
  CountingQueue counting(*queue);
  DeliveryState state(env);
  std::vector<std::unique_ptr<QueuedMessage>> messages;
  std::vector<std::string> ids;
  for (size_t i = 0; i < plan.messages; ++i) {
    CO_ASSIGN_OR_RETURN(std::unique_ptr<QueuedMessage> message, co_await Accept(*queue, plan.to));
    ids.push_back(message->envelope().id);
    messages.push_back(std::move(message));
  }
  absl::Status status;
  DeliveryScheduler scheduler(env, counting, state, co_await CurrentContext(), plan.jobs);
  for (std::unique_ptr<QueuedMessage>& message : messages) {
    status.Update(scheduler.Submit(site, std::move(message)));
  }
  if (plan.stop_at_once) {
    plan.held = co_await CountLocked(*queue, ids);
    co_await scheduler.End();
  } else {
    co_await scheduler.Finish();
  }
  plan.locked_after = co_await CountLocked(*queue, ids);
  plan.locks = counting.locks;
  co_return status;
}

Task<int> Program(Environment& env, Plan& plan) {
  plan.status = co_await Carry(env, plan);
  co_return 0;
}

class HeldMessagesTest : public testing::Test {
 protected:
  HeldMessagesTest() {
    CHECK(host_.disk().WriteFile("/etc/mail/sendmail.cf", kConfiguration, {.mode = 0644}).ok());
    host_.limit = absl::Hours(24);
  }

  Plan Run(Plan plan) {
    EXPECT_EQ(host_.Run(&Program, std::ref(plan)), 0);
    EXPECT_TRUE(plan.status.ok()) << plan.status;
    EXPECT_EQ(plan.locked_after, 0u);
    return plan;
  }
  size_t Left() {
    size_t left = 0;
    const auto names = host_.disk().ListDirectory("/var/spool/mqueue");
    for (const std::string& name : *names) {
      left += absl::StartsWith(name, "qf");
    }
    return left;
  }

  TestHost host_;
};

TEST_F(HeldMessagesTest, WhatIsHeldIsNotReadAgain) {
  EXPECT_EQ(Run({.messages = 10, .to = "gone@gone.example"}).locks, 0);
  EXPECT_EQ(Left(), 0u);
}

TEST_F(HeldMessagesTest, OnlySoManyAreHeld) {
  constexpr size_t kBeyond = 20;
  // One more is under way.
  const Plan plan = Run({.messages = kMaxHeldMessages + 1 + kBeyond, .to = "gone@gone.example"});
  EXPECT_EQ(plan.locks, static_cast<int>(kBeyond));
  EXPECT_EQ(Left(), 0u);
}

TEST_F(HeldMessagesTest, ThoseParkedAtABusyHostAreHeldToo) {
  EXPECT_EQ(Run({.messages = 10, .to = "a@dead.example", .jobs = 10}).locks, 0);
  EXPECT_EQ(Left(), 10u);
}

TEST_F(HeldMessagesTest, ThoseParkedAtABusyHostBeyondTheLimitAreReadAgain) {
  constexpr size_t kBeyond = 20;
  const size_t messages = kMaxHeldMessages + 1 + kBeyond;
  // A few may get their turn before all are parked.
  const int locks = Run({.messages = messages, .to = "a@dead.example", .jobs = messages}).locks;
  EXPECT_GT(locks, 0);
  EXPECT_LE(locks, static_cast<int>(kBeyond));
  EXPECT_EQ(Left(), messages);
}

TEST_F(HeldMessagesTest, AStopLetsGoOfThem) {
  const Plan plan = Run({.messages = 10, .to = "a@dead.example", .jobs = 2, .stop_at_once = true});
  EXPECT_EQ(plan.held, 10u);
  EXPECT_EQ(Left(), 10u);
}

}  // namespace
}  // namespace stagepost
