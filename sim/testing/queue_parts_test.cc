// Parts of messages, queue groups, quarantine and safety, on a simulated disk.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/base/errno.h"
#include "mta/queue/queue.h"
#include "sim/testing/queue_test_util.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

TEST(QueueGroups, DivideAMessage) {
  TestHost host;
  MakeGroups(host);
  Stored stored;
  ASSERT_EQ(host.Run(&Store, Groups(), kFour, std::ref(stored)), 0);
  ASSERT_TRUE(stored.status.ok()) << stored.status;
  ASSERT_EQ(stored.ids.size(), 3u);
  const std::map<std::string, std::string> files = Files(host);
  EXPECT_EQ(files.size(), 6u);
  EXPECT_EQ(files.count(absl::StrCat("slow/qf", stored.ids[0])), 1u);
  EXPECT_EQ(files.count(absl::StrCat("slow/df/df", stored.ids[0])), 1u);
  EXPECT_EQ(files.count(absl::StrCat("slow/qf", stored.ids[1])), 1u);
  EXPECT_EQ(files.count(absl::StrCat("q1/qf", stored.ids[2])) +
                files.count(absl::StrCat("q2/qf/qf", stored.ids[2])),
            1u);
  EXPECT_EQ(QueuedRecipients(host), kAllFour);
}

TEST(QueueGroups, UseAllTheirDirectories) {
  TestHost host;
  MakeGroups(host);
  for (int i = 0; i < 20; ++i) {
    Stored stored;
    ASSERT_EQ(host.Run(&Store, Groups(), std::vector<std::string>{"x@fast"}, std::ref(stored)), 0);
    ASSERT_TRUE(stored.status.ok());
  }
  const std::map<std::string, std::string> files = Files(host);
  int first = 0;
  for (const auto& [path, text] : files) first += absl::StartsWith(path, "q1/qf") ? 1 : 0;
  EXPECT_GT(first, 2);
  EXPECT_LT(first, 18);
}

TEST(QueueGroups, AFailureAtAnyCallAcceptsNothing) {
  for (int n = 8;; ++n) {
    TestHost host;
    MakeGroups(host);
    host.fail_at = n;
    Stored stored;
    if (host.Run(&Store, Groups(), kFour, std::ref(stored)) != 0) continue;  // opening failed
    if (host.calls() <= n) break;
    host.fail_at = -1;
    if (stored.status.ok()) {
      EXPECT_EQ(QueuedRecipients(host), kAllFour) << n;
    } else {
      EXPECT_TRUE(Files(host).empty()) << n << " " << Files(host).begin()->first;
    }
  }
}

TEST(QueueGroups, ACrashLosesNothingThatWasAccepted) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    for (int n = 8;; ++n) {
      TestHost host(seed);
      MakeGroups(host);
      host.fail_at = n;
      host.fail_with = Errno::kOk;
      Stored stored;
      const bool ended = host.Run(&Store, Groups(), kFour, std::ref(stored)) == 0;
      if (ended) host.host().Crash();
      host.fail_at = -1;
      host.host().Boot();
      const std::multiset<std::string> found = QueuedRecipients(host);
      EXPECT_TRUE(std::includes(kAllFour.begin(), kAllFour.end(), found.begin(), found.end())) << n;
      if (!ended) continue;
      ASSERT_TRUE(stored.status.ok()) << stored.status;
      EXPECT_EQ(found, kAllFour) << seed;
      break;
    }
  }
}

// Moves half of the recipients to another sender's message.
Task<int> SplitFirst(Environment& env, std::string id, absl::Status& status) {
  absl::StatusOr<std::unique_ptr<Queue>> queue = co_await OpenQueue(env, SingleQueue(kBase));
  if (!queue.ok()) co_return 1;
  absl::StatusOr<std::unique_ptr<QueuedMessage>> message = co_await (*queue)->Lock(id);
  if (!message.ok()) co_return 2;
  Envelope part = (*message)->envelope();
  part.sender = "owner-list@corp.example";
  part.recipients.resize(2);
  absl::StatusOr<std::unique_ptr<QueuedMessage>> made = co_await (*message)->Split(part);
  status = made.status();
  if (!made.ok()) co_return 0;
  std::vector<Recipient>& left = (*message)->envelope().recipients;
  left.erase(left.begin(), left.begin() + 2);
  status = co_await (*message)->Update();
  // Both are ours until we let go.
  if (!absl::IsAborted((co_await (*queue)->Lock((*made)->envelope().id)).status())) co_return 3;
  co_return 0;
}

TEST(QueueSplit, GivesRecipientsTheirOwnMessage) {
  TestHost host;
  Stored stored;
  ASSERT_EQ(host.Run(&Store, SingleQueue(kBase), kFour, std::ref(stored)), 0);
  absl::Status status;
  ASSERT_EQ(host.Run(&SplitFirst, stored.ids[0], std::ref(status)), 0);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(QueuedRecipients(host), kAllFour);
  const std::map<std::string, std::string> files = Files(host);
  EXPECT_EQ(files.size(), 4u);
  const std::string data = absl::StrCat(kBase, "df", stored.ids[0]);
  EXPECT_EQ(host.disk().Stat(data)->links, 2u);
}

TEST(QueueSplit, NeverLosesARecipient) {
  for (const bool crash : {false, true}) {
    for (int n = 0;; ++n) {
      TestHost host;
      Stored stored;
      ASSERT_EQ(host.Run(&Store, SingleQueue(kBase), kFour, std::ref(stored)), 0);
      host.ResetCalls();
      host.fail_at = n;
      host.fail_with = crash ? Errno::kOk : Errno::kENOSPC;
      absl::Status status;
      const int code = host.Run(&SplitFirst, stored.ids[0], std::ref(status));
      const bool reached = host.calls() > n;
      host.fail_at = -1;
      if (crash) {
        if (code >= 0) host.host().Crash();
        host.host().Boot();
      }
      const std::multiset<std::string> found = QueuedRecipients(host);
      EXPECT_TRUE(std::includes(found.begin(), found.end(), kAllFour.begin(), kAllFour.end()))
          << n << (crash ? " crash" : " error");
      if (!reached) break;
    }
  }
}

TEST(QueueSplit, CopiesTheBodyWhereItCannotBeLinked) {
  TestHost host;
  Stored stored;
  ASSERT_EQ(host.Run(&Store, SingleQueue(kBase), kFour, std::ref(stored)), 0);
  host.fault = [](FileCall call, absl::string_view) {
    return call == FileCall::kLink ? Errno::kEXDEV : Errno::kOk;
  };
  absl::Status status;
  ASSERT_EQ(host.Run(&SplitFirst, stored.ids[0], std::ref(status)), 0);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(QueuedRecipients(host), kAllFour);
  EXPECT_EQ(host.disk().Stat(absl::StrCat(kBase, "df", stored.ids[0]))->links, 1u);
}

// The queue ids that a selection gives, then what happens to the first of them.
Task<int> Change(Environment& env, QueueSelection selection, std::string what,
                 std::vector<std::string>& ids) {
  std::unique_ptr<Queue> queue = *co_await OpenQueue(env, SingleQueue(kBase));
  ids = *co_await queue->List(selection);
  if (what.empty()) co_return 0;
  std::unique_ptr<QueuedMessage> message = *co_await queue->Lock(ids[0], selection.kind);
  absl::Status status;
  if (what == "release") {
    status = co_await message->Release();
  } else if (what == "lose") {
    status = co_await message->Lose("savemail panic");
  } else {
    status = co_await message->Quarantine(what);
  }
  co_return status.ok() ? 0 : 1;
}

TEST(QueueQuarantine, KeepsAMessageAwayUntilItIsReleased) {
  TestHost host;
  Stored stored;
  ASSERT_EQ(host.Run(&Store, SingleQueue(kBase), kFour, std::ref(stored)), 0);
  const std::string& id = stored.ids[0];
  const QueueSelection waiting, quarantined = {.kind = QueueFileKind::kQuarantined},
                                lost = {.kind = QueueFileKind::kLost};
  std::vector<std::string> ids;
  ASSERT_EQ(host.Run(&Change, waiting, std::string("spam"), std::ref(ids)), 0);
  EXPECT_TRUE(absl::StrContains(Files(host).at("hf" + id), "\nqspam\n"));
  EXPECT_EQ(Files(host).count("qf" + id), 0u);
  EXPECT_TRUE(absl::StrContains(host.Log(), absl::StrCat(id, ": quarantine=spam")));
  ASSERT_EQ(host.Run(&Change, waiting, std::string(), std::ref(ids)), 0);
  EXPECT_TRUE(ids.empty());
  ASSERT_EQ(host.Run(&Change, quarantined, std::string("ham"), std::ref(ids)), 0);
  EXPECT_EQ(ids, std::vector<std::string>{id});
  EXPECT_TRUE(absl::StrContains(Files(host).at("hf" + id), "\nqham\n"));
  ASSERT_EQ(host.Run(&Change, quarantined, std::string("release"), std::ref(ids)), 0);
  EXPECT_FALSE(absl::StrContains(Files(host).at("qf" + id), "\nq"));
  EXPECT_EQ(Files(host).size(), 2u);
  ASSERT_EQ(host.Run(&Change, waiting, std::string("lose"), std::ref(ids)), 0);
  EXPECT_TRUE(
      absl::StrContains(host.Log(), absl::StrCat(id, ": Losing ./qf", id, ": savemail panic")));
  ASSERT_EQ(host.Run(&Change, lost, std::string(), std::ref(ids)), 0);
  EXPECT_EQ(ids, std::vector<std::string>{id});
  EXPECT_EQ(QueuedRecipients(host).size(), 0u);
}

TEST(QueueQuarantine, ACrashLeavesTheMessageOnce) {
  for (int n = 0;; ++n) {
    TestHost host;
    Stored stored;
    ASSERT_EQ(host.Run(&Store, SingleQueue(kBase), kFour, std::ref(stored)), 0);
    host.ResetCalls();
    host.fail_at = n;
    host.fail_with = Errno::kOk;
    std::vector<std::string> ids;
    const int code = host.Run(&Change, QueueSelection(), std::string("spam"), std::ref(ids));
    const bool reached = host.calls() > n;
    if (code >= 0) host.host().Crash();
    host.fail_at = -1;
    host.host().Boot();
    EXPECT_EQ(QueuedRecipients(host), kAllFour) << n;
    if (!reached) break;
  }
}

Task<int> LockIt(Environment& env, QueueLayout layout, std::string id, absl::Status& status) {
  std::unique_ptr<Queue> queue = *co_await OpenQueue(env, std::move(layout));
  status = (co_await queue->Lock(id)).status();
  co_return 0;
}

Task<int> UpdateFirst(Environment& env, std::string id, absl::Status& status) {
  absl::StatusOr<std::unique_ptr<Queue>> queue = co_await OpenQueue(env, SingleQueue(kBase));
  if (!queue.ok()) co_return 1;
  absl::StatusOr<std::unique_ptr<QueuedMessage>> message = co_await (*queue)->Lock(id);
  if (!message.ok()) co_return 1;
  (*message)->envelope().recipients.resize(1);
  status = co_await (*message)->Update();
  co_return 0;
}

TEST(QueueUpdate, KeepsTheOldFileOnAFullDisk) {
  int failed = 0;
  for (int n = 0;; ++n) {
    TestHost host;
    Stored stored;
    ASSERT_EQ(host.Run(&Store, SingleQueue(kBase), kFour, std::ref(stored)), 0);
    host.ResetCalls();
    host.fail_at = n;
    host.fail_with = Errno::kENOSPC;
    host.fail_on = true;
    absl::Status status;
    if (host.Run(&UpdateFirst, stored.ids[0], std::ref(status)) != 0) continue;
    const bool reached = host.calls() > n;
    host.fail_at = -1;
    if (!reached) break;
    ++failed;
    EXPECT_FALSE(status.ok());
    const std::multiset<std::string> found = QueuedRecipients(host);
    EXPECT_TRUE(found == kAllFour || found == std::multiset<std::string>{"a@slow"}) << n;
    EXPECT_EQ(found.count("a@slow"), 1u);
  }
  EXPECT_GT(failed, 3);
}

TEST(QueueSafety, SyncsAsSuperSafeSays) {
  const auto syncs = [](SuperSafe level, bool delivers_first) {
    TestHost host;
    QueueLayout layout = SingleQueue(kBase);
    layout.super_safe = level;
    layout.delivers_first = delivers_first;
    int count = 0;
    host.fault = [&](FileCall call, absl::string_view) {
      if (call == FileCall::kSync || call == FileCall::kSyncDirectory) ++count;
      return Errno::kOk;
    };
    Stored stored;
    EXPECT_EQ(host.Run(&Store, layout, kFour, std::ref(stored)), 0);
    EXPECT_TRUE(stored.status.ok());
    return count;
  };
  EXPECT_EQ(syncs(SuperSafe::kTrue, false), 3);
  EXPECT_EQ(syncs(SuperSafe::kTrue, true), 3);
  EXPECT_EQ(syncs(SuperSafe::kPostMilter, false), 3);
  EXPECT_EQ(syncs(SuperSafe::kInteractive, false), 3);
  EXPECT_LT(syncs(SuperSafe::kInteractive, true), 3);
  EXPECT_EQ(syncs(SuperSafe::kFalse, false), 0);
}

TEST(QueueSafety, OfASubmissionProgram) {
  TestHost host;
  ASSERT_TRUE(host.disk().ChangeMode("/var/spool/mqueue", 0770).ok());
  ASSERT_TRUE(host.disk().ChangeOwner("/var/spool/mqueue", UserId{302}, GroupId{302}).ok());
  QueueLayout layout = SingleQueue(kBase);
  layout.submission = true;
  // A user's program, set-group-id.
  host.start.identity = {UserId{2001}, GroupId{302}, {}};
  Stored stored;
  ASSERT_EQ(host.Run(&Store, layout, kFour, std::ref(stored)), 0);
  ASSERT_TRUE(stored.status.ok()) << stored.status;
  const std::string qf = absl::StrCat(kBase, "qf", stored.ids[0]);
  EXPECT_EQ(host.disk().Stat(qf)->mode, 0660u);
  // The runner reads what the user's program wrote.
  host.start.identity = {UserId{302}, GroupId{302}, {}};
  const auto locks = [&](absl::string_view id) {
    absl::Status status;
    host.Run(&LockIt, layout, std::string(id), std::ref(status));
    return status;
  };
  EXPECT_TRUE(locks(stored.ids[0]).ok());
  // The same files of another group, or that anybody could have written, are not trusted.
  ASSERT_TRUE(host.disk().ChangeMode(qf, 0666).ok());
  EXPECT_TRUE(absl::IsDataLoss(locks(stored.ids[0])));
}

}  // namespace
}  // namespace stagepost
