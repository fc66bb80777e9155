// Files of finished messages that serve the next ones (mta/queue/spare_files.h), on a simulated
// disk.
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "mta/queue/queue.h"
#include "mta/queue/queue_file.h"
#include "sim/testing/queue_test_util.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

using Messages = std::vector<std::unique_ptr<QueuedMessage>>;

// A message whose recipient is named after its body.
Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> Accept(Queue& queue, std::string body) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<IncomingMessage> incoming,
                      co_await queue.Create(queue.NewId()));
  absl::Status status = co_await incoming->AppendBody(body);
  Envelope envelope = MakeEnvelope({body});
  if (status.ok()) status = co_await incoming->Commit(envelope);
  CO_RETURN_IF_ERROR(status);
  co_return std::move(incoming->HandOver(std::move(envelope))[0]);
}

// Accepts `bodies` one after the other; each is done when the next has been accepted. The last one
// stays. `accepted`: those that were promised, less those that are done.
Task<absl::Status> PassThrough(Queue& queue, std::vector<std::string> bodies,
                               std::vector<std::string>& accepted) {
  std::unique_ptr<QueuedMessage> last;
  for (const std::string& body : bodies) {
    CO_ASSIGN_OR_RETURN(std::unique_ptr<QueuedMessage> next, co_await Accept(queue, body));
    accepted.push_back(body);
    if (last != nullptr) {
      accepted.erase(accepted.begin());
      CO_RETURN_IF_ERROR(co_await last->Remove());
    }
    last = std::move(next);
  }
  co_return absl::OkStatus();
}

struct Passed {
  std::vector<std::string> accepted;
  std::map<std::string, std::string> before_end;  // files, while somebody was connected
  absl::Status status = absl::UnknownError("not reached");
};

Task<int> Pass(Environment& env, TestHost& host, std::vector<std::string> bodies, Passed& passed) {
  absl::StatusOr<std::unique_ptr<Queue>> queue =
      co_await OpenQueue(env, SingleQueue("/var/spool/mqueue"));
  passed.status = queue.status();
  if (!queue.ok()) co_return 1;
  (*queue)->BeginReceiving();
  passed.status = co_await PassThrough(**queue, std::move(bodies), passed.accepted);
  passed.before_end = Files(host);
  co_await (*queue)->EndReceiving();
  co_return 0;
}

size_t Count(const std::map<std::string, std::string>& files, absl::string_view prefix) {
  size_t count = 0;
  for (const auto& [name, text] : files) count += absl::StartsWith(name, prefix) ? 1 : 0;
  return count;
}

// Every message in the queue has the body that its recipient is named after.
std::vector<std::string> WholeMessages(TestHost& host) {
  std::vector<std::string> bodies;
  const std::map<std::string, std::string> files = Files(host);
  for (const auto& [name, text] : files) {
    if (!absl::StartsWith(name, "qf")) continue;
    const absl::StatusOr<Envelope> envelope = ParseQueueFile(name, text);
    EXPECT_TRUE(envelope.ok()) << name << envelope.status() << text;
    if (!envelope.ok()) continue;
    const std::string& body = envelope->recipients[0].address;
    const auto data = files.find(absl::StrCat("df", name.substr(2)));
    EXPECT_TRUE(data != files.end() && data->second == body) << name;
    bodies.push_back(body);
  }
  return bodies;
}

// Longer and shorter than what was in the files before.
const std::vector<std::string> kBodies = {"the first body",
                                          "2nd",
                                          "the third of the bodies",
                                          "4th",
                                          "and a fifth, the longest body of all of them",
                                          "6"};

TEST(SpareFiles, ServeTheNextMessage) {
  TestHost host;
  Passed passed;
  ASSERT_EQ(host.Run(&Pass, std::ref(host), kBodies, std::ref(passed)), 0);
  ASSERT_TRUE(passed.status.ok()) << passed.status;
  // Two messages at a time, so two pairs of files in all, whatever has passed through.
  EXPECT_EQ(Count(passed.before_end, "qf"), 1u);
  EXPECT_GE(Count(passed.before_end, "spare."), 1u);
  EXPECT_GE(Count(passed.before_end, "df"), 2u);
  EXPECT_LE(passed.before_end.size(), 6u);
  // With the last client they go.
  EXPECT_EQ(Files(host).size(), 2u);
  EXPECT_EQ(WholeMessages(host), std::vector<std::string>({kBodies.back()}));
}

// Which data files of three messages are there when two of them are done and another has come.
Task<int> KeepTwo(Environment& env, std::vector<bool>& there) {
  const absl::StatusOr<std::unique_ptr<Queue>> opened =
      co_await OpenQueue(env, SingleQueue("/var/spool/mqueue"));
  if (!opened.ok()) co_return 1;
  Queue& queue = **opened;
  queue.BeginReceiving();
  Messages messages;
  for (const char* body : {"first", "second", "third"}) {
    absl::StatusOr<std::unique_ptr<QueuedMessage>> message = co_await Accept(queue, body);
    if (!message.ok()) co_return 2;
    messages.push_back(*std::move(message));
  }
  for (const size_t i : {0, 1}) {
    if (!(co_await messages[i]->Remove()).ok()) co_return 3;
  }
  if (!(co_await Accept(queue, "last")).ok()) co_return 4;
  for (const std::unique_ptr<QueuedMessage>& message : messages) {
    const std::string name = absl::StrCat("df", message->envelope().id);
    there.push_back((co_await env.files().LinkStat(name)).ok());
  }
  co_await queue.EndReceiving();
  co_return 0;
}

TEST(SpareFiles, TheLatestServesFirst) {
  TestHost host;
  std::vector<bool> there;
  ASSERT_EQ(host.Run(&KeepTwo, std::ref(there)), 0);
  EXPECT_EQ(there, (std::vector<bool>{true, false, true}));
}

QueueLayout UnsafeLayout(SuperSafe super_safe) {
  QueueLayout layout = SingleQueue("/var/spool/mqueue");
  layout.super_safe = super_safe;
  layout.delivers_first = true;
  return layout;
}

Task<int> PassUnsafely(Environment& env, TestHost& host, SuperSafe super_safe, Passed& passed) {
  QueueLayout layout = UnsafeLayout(super_safe);
  const absl::StatusOr<std::unique_ptr<Queue>> queue = co_await OpenQueue(env, std::move(layout));
  if (!queue.ok()) co_return 1;
  (*queue)->BeginReceiving();
  passed.status = co_await PassThrough(**queue, kBodies, passed.accepted);
  passed.before_end = Files(host);
  co_await (*queue)->EndReceiving();
  co_return 0;
}

TEST(SpareFiles, AreNotKeptWhereBodiesAreNotFlushed) {
  for (const SuperSafe super_safe : {SuperSafe::kFalse, SuperSafe::kInteractive}) {
    TestHost host;
    Passed passed;
    ASSERT_EQ(host.Run(&PassUnsafely, std::ref(host), super_safe, std::ref(passed)), 0);
    EXPECT_TRUE(passed.status.ok()) << passed.status;
    EXPECT_EQ(passed.before_end.size(), 2u);
  }
}

// Accepts a message that could not be delivered at once.
Task<int> Defer(Environment& env, absl::Status& status) {
  const absl::StatusOr<std::unique_ptr<Queue>> queue =
      co_await OpenQueue(env, UnsafeLayout(SuperSafe::kInteractive));
  if (!queue.ok()) co_return 1;
  absl::StatusOr<std::unique_ptr<QueuedMessage>> message = co_await Accept(**queue, "deferred");
  if (!message.ok()) co_return 2;
  status = co_await (*message)->Update();
  co_return 0;
}

TEST(SafeInteractively, WhatHasToWaitIsDurable) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    TestHost host(seed);
    absl::Status status;
    ASSERT_EQ(host.Run(&Defer, std::ref(status)), 0);
    ASSERT_TRUE(status.ok()) << status;
    host.host().Crash();
    host.host().Boot();
    EXPECT_EQ(WholeMessages(host), std::vector<std::string>({"deferred"})) << seed;
  }
}

Task<int> Share(Environment& env, std::string& read) {
  const absl::StatusOr<std::unique_ptr<Queue>> opened =
      co_await OpenQueue(env, SingleQueue("/var/spool/mqueue"));
  if (!opened.ok()) co_return 1;
  Queue& queue = **opened;
  queue.BeginReceiving();
  absl::StatusOr<std::unique_ptr<QueuedMessage>> first = co_await Accept(queue, "shared");
  if (!first.ok()) co_return 2;
  const absl::StatusOr<std::unique_ptr<QueuedMessage>> part =
      co_await (*first)->Split((*first)->envelope());
  if (!part.ok() || !(co_await (*first)->Remove()).ok()) co_return 3;
  for (const char* body : {"another body", "and another"}) {
    if (!(co_await Accept(queue, body)).ok()) co_return 4;
  }
  read.resize(100);
  read.resize((co_await (*part)->ReadBody(0, absl::MakeSpan(read))).value_or(0));
  co_await queue.EndReceiving();
  co_return 0;
}

TEST(SpareFiles, AreNoneThatAnotherMessageShares) {
  TestHost host;
  std::string read;
  ASSERT_EQ(host.Run(&Share, std::ref(read)), 0);
  EXPECT_EQ(read, "shared");
}

// What queue runs clear up: control files at once, data files when they are old.
Task<int> Clean(Environment& env, TestHost& host, size_t& spares_left) {
  const absl::StatusOr<std::unique_ptr<Queue>> queue =
      co_await OpenQueue(env, SingleQueue("/var/spool/mqueue"));
  if (!queue.ok()) co_return 1;
  if (!(co_await (*queue)->RemoveOrphans()).ok()) co_return 2;
  spares_left = Count(Files(host), "spare.");
  if (!(co_await Sleep(kOrphanAge)).ok()) co_return 3;
  co_return (co_await (*queue)->RemoveOrphans()).ok() ? 0 : 4;
}

// Messages pass while somebody tidies up, who takes files without a message for rubbish.
Task<int> PassTidied(Environment& env, TestHost& host, Passed& passed) {
  const absl::StatusOr<std::unique_ptr<Queue>> queue =
      co_await OpenQueue(env, SingleQueue("/var/spool/mqueue"));
  if (!queue.ok()) co_return 1;
  (*queue)->BeginReceiving();
  for (int i = 0; i < 3; ++i) {
    passed.status = co_await PassThrough(**queue, kBodies, passed.accepted);
    if (!passed.status.ok()) co_return 2;
    const std::map<std::string, std::string> files = Files(host);
    for (const auto& [name, text] : files) {
      const bool spare =
          absl::StartsWith(name, "spare.") ||
          (absl::StartsWith(name, "df") && !files.contains(absl::StrCat("qf", name.substr(2))));
      if (spare) {
        EXPECT_TRUE((co_await env.files().Unlink(name)).ok()) << name;
      }
    }
  }
  co_await (*queue)->EndReceiving();
  co_return 0;
}

TEST(SpareFiles, MayBeTidiedUpByOthers) {
  TestHost host;
  Passed passed;
  ASSERT_EQ(host.Run(&PassTidied, std::ref(host), std::ref(passed)), 0) << passed.status;
  // The last message of each time, which nobody delivered.
  EXPECT_EQ(WholeMessages(host), std::vector<std::string>(3, kBodies.back()));
  EXPECT_EQ(Files(host).size(), 6u);
}

// Whatever call fails: what was promised is there, whole, and nothing else has its name.
TEST(SpareFiles, AFailureAtAnyCallMixesNothing) {
  int failed = 0;
  for (int n = 0;; ++n) {
    TestHost host;
    host.fail_at = n;
    Passed passed;
    host.Run(&Pass, std::ref(host), kBodies, std::ref(passed));
    const bool over = host.calls() <= n;
    failed += passed.status.ok() ? 0 : 1;
    const std::vector<std::string> found = WholeMessages(host);
    for (const std::string& body : passed.accepted) {
      EXPECT_TRUE(absl::c_linear_search(found, body)) << "call " << n << ": " << body;
    }
    if (over) break;
  }
  EXPECT_GT(failed, 20);
}

// Whatever the disk has kept after a crash: the same, and a queue run clears up.
TEST(SpareFiles, ACrashAtAnyCallMixesNothing) {
  for (const uint64_t seed : {1, 2, 3, 4, 5}) {
    int n = 0;
    for (bool over = false; !over; ++n) {
      TestHost host(seed);
      host.fail_at = n;
      host.fail_with = Errno::kOk;
      Passed passed;
      host.Run(&Pass, std::ref(host), kBodies, std::ref(passed));
      over = host.calls() <= n;
      host.fail_at = -1;
      if (!over) host.host().Boot();
      const std::vector<std::string> found = WholeMessages(host);
      for (const std::string& body : passed.accepted) {
        EXPECT_TRUE(absl::c_linear_search(found, body)) << "call " << n << ": " << body;
      }
      size_t spares_left = 0;
      host.limit = 2 * kOrphanAge;
      ASSERT_EQ(host.Run(&Clean, std::ref(host), std::ref(spares_left)), 0);
      EXPECT_EQ(spares_left, 0u);
      EXPECT_EQ(WholeMessages(host), found);
      EXPECT_EQ(Files(host).size(), 2 * found.size());
    }
    EXPECT_GT(n, 50);
  }
}

}  // namespace
}  // namespace stagepost
