// Parts of messages, queue groups, quarantine, selections and the listing, on a simulated disk.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/queue/queue.h"
#include "mta/queue/queue_file.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr absl::string_view kBase = "/var/spool/mqueue/";
constexpr absl::string_view kBody = "first line\nsecond line\n";

Envelope MakeEnvelope(const std::vector<std::string>& recipients) {
  Envelope envelope;
  envelope.sender = "u@outside.example";
  for (const std::string& address : recipients) {
    envelope.recipients.emplace_back().address = address;
  }
  envelope.header = {{"Subject", " x", ""}};
  return envelope;
}

// q* with subdirectories, slow with r=2.
QueueLayout Groups() {
  QueueLayout layout = SingleQueue("/var/spool/mqueue/q*");
  layout.groups.push_back({.name = "slow", .path = "/var/spool/mqueue/slow", .max_recipients = 2});
  return layout;
}

void MakeGroups(TestHost& host) {
  for (const char* name : {"q1", "q2", "q2/qf", "q2/df", "q2/xf", "slow", "slow/df"}) {
    ASSERT_TRUE(host.disk().MakeDirectories(absl::StrCat(kBase, name), {.mode = 0700}).ok());
  }
}

// All files of the queue, by their paths below its base.
std::map<std::string, std::string> Files(TestHost& host, absl::string_view below = "") {
  std::map<std::string, std::string> files;
  const std::string directory = absl::StrCat(kBase, below);
  const auto names = host.disk().ListDirectory(directory.substr(0, directory.size() - 1));
  if (!names.ok()) return files;
  for (const std::string& name : *names) {
    const std::string path = absl::StrCat(below, name);
    if (host.disk().Stat(absl::StrCat(kBase, path))->type == FileType::kDirectory) {
      files.merge(Files(host, absl::StrCat(path, "/")));
    } else {
      files[path] = host.Read(absl::StrCat(kBase, path));
    }
  }
  return files;
}

// Recipients in all control files of the queue, each as often as it is there; every one must have a
// readable body.
std::multiset<std::string> QueuedRecipients(TestHost& host) {
  std::multiset<std::string> recipients;
  const std::map<std::string, std::string> files = Files(host);
  for (const auto& [path, text] : files) {
    const size_t slash = path.rfind('/');
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    if (!absl::StartsWith(name, "qf") && !absl::StartsWith(name, "hf")) continue;
    const absl::StatusOr<Envelope> envelope = ParseQueueFile(path, text);
    EXPECT_TRUE(envelope.ok()) << path << envelope.status();
    if (!envelope.ok()) continue;
    for (const Recipient& recipient : envelope->recipients) recipients.insert(recipient.address);
    const bool has_body = std::any_of(files.begin(), files.end(), [&](const auto& file) {
      return absl::EndsWith(file.first, absl::StrCat("df", name.substr(2))) && file.second == kBody;
    });
    EXPECT_TRUE(has_body) << path;
  }
  return recipients;
}

struct Stored {
  absl::Status status = absl::UnknownError("not reached");
  std::vector<std::string> ids;
};

// Stores a message whose recipients "…@slow" go to the group slow.
Task<absl::Status> StoreIn(Queue& queue, std::vector<std::string> recipients, Stored& stored) {
  std::vector<std::string> groups;
  for (const std::string& recipient : recipients) {
    groups.push_back(absl::EndsWith(recipient, "@slow") ? "slow" : "");
  }
  const std::vector<QueuePart> parts = DivideByQueueGroup(queue.layout(), groups);
  const auto envelope_of = [&](const QueuePart& part) {
    std::vector<std::string> own;
    for (const size_t i : part.recipients) own.push_back(recipients[i]);
    return MakeEnvelope(own);
  };
  CO_ASSIGN_OR_RETURN(std::unique_ptr<IncomingMessage> message,
                      co_await queue.Create(queue.NewId(), parts[0].group));
  absl::Status status = co_await message->AppendBody(kBody);
  for (size_t i = 1; i < parts.size() && status.ok(); ++i) {
    Envelope envelope = envelope_of(parts[i]);
    status = co_await message->AddPart(envelope, parts[i].group);
    stored.ids.push_back(envelope.id);
  }
  if (!status.ok()) {
    (void)co_await message->Abandon();
    co_return status;
  }
  Envelope envelope = envelope_of(parts[0]);
  CO_RETURN_IF_ERROR(co_await message->Commit(envelope));
  stored.ids.insert(stored.ids.begin(), envelope.id);
  message->HandOver();
  co_return absl::OkStatus();
}

Task<int> Store(Environment& env, QueueLayout layout, std::vector<std::string> recipients,
                Stored& stored) {
  absl::StatusOr<std::unique_ptr<Queue>> queue = co_await OpenQueue(env, std::move(layout));
  stored.status = queue.status();
  if (!queue.ok()) co_return 1;
  stored.status = co_await StoreIn(**queue, std::move(recipients), stored);
  co_return 0;
}

const std::vector<std::string> kFour = {"a@slow", "b@slow", "c@slow", "d@fast"};
const std::multiset<std::string> kAllFour(kFour.begin(), kFour.end());

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

Task<int> RunList(Environment& env, QueueLayout layout, QueueSelection selection,
                  std::vector<std::string>& ids) {
  std::unique_ptr<Queue> queue = *co_await OpenQueue(env, std::move(layout));
  ids = *co_await queue->List(selection);
  for (std::string& id : ids) id = id.substr(6, 2);
  co_return 0;
}

// Ids are 6AK6XW, two letters, 000001.
void AddMessage(TestHost& host, absl::string_view letters, absl::string_view lines) {
  const std::string id = absl::StrCat("6AK6XW", letters, "000001");
  const std::string text = absl::StrCat("V8\n", lines, "H??Subject: x\n.\n");
  ASSERT_TRUE(host.disk().WriteFile(absl::StrCat(kBase, "qf", id), text, {.mode = 0600}).ok());
  ASSERT_TRUE(host.disk().WriteFile(absl::StrCat(kBase, "df", id), kBody, {.mode = 0600}).ok());
}

void AddSome(TestHost& host) {
  const int64_t now = absl::ToUnixSeconds(host.host().WallNow());
  AddMessage(host, "AA",
             absl::StrCat("T", now - 1000, "\nK", now - 100,
                          "\nN1\nP500\nFs\nS<ann@a.example>\nRPFD:<x@dom1.example>\n"));
  AddMessage(host, "AB",
             absl::StrCat("T", now - 3000, "\nK", now - 400,
                          "\nN2\nP100\nFs\nS<bob@b.example>\nRPFD:<y@dom2.example>\n"));
  AddMessage(host, "AC",
             absl::StrCat("T", now - 2000, "\nK0\nN0\nP300\nFs\nS<>\n",
                          "RPFD:<Z@dom1.example>\nRPFD:<y@b.dom2.example>\n"));
}

TEST(QueueRun, Orders) {
  TestHost host;
  AddSome(host);
  std::vector<std::string> ids;
  const auto listed = [&](QueueSortOrder order) {
    QueueLayout layout = SingleQueue(kBase);
    layout.order = order;
    EXPECT_EQ(host.Run(&RunList, layout, QueueSelection(), std::ref(ids)), 0);
    return absl::StrJoin(ids, " ");
  };
  EXPECT_EQ(listed(QueueSortOrder::kPriority), "AB AC AA");
  EXPECT_EQ(listed(QueueSortOrder::kTime), "AB AC AA");
  EXPECT_EQ(listed(QueueSortOrder::kFileName), "AA AB AC");
  EXPECT_EQ(listed(QueueSortOrder::kHost), "AC AA AB");  // two of one host, by priority
  EXPECT_EQ(listed(QueueSortOrder::kNone), "AA AB AC");
  const absl::Time time = host.host().WallNow();
  for (const auto& [letters, age] : {std::pair("AA", 2), {"AB", 1}, {"AC", 3}}) {
    const std::string path = absl::StrCat(kBase, "qf6AK6XW", letters, "000001");
    ASSERT_TRUE(host.disk().SetTimes(path, time, time - absl::Hours(age)).ok());
  }
  EXPECT_EQ(listed(QueueSortOrder::kModification), "AC AA AB");
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) seen.insert(listed(QueueSortOrder::kRandom));
  EXPECT_GT(seen.size(), 2u);
}

TEST(QueueRun, LeavesOutWhatIsTooYoung) {
  TestHost host;
  AddSome(host);
  std::vector<std::string> ids;
  QueueLayout layout = SingleQueue(kBase);
  layout.min_age = absl::Seconds(200);
  host.Run(&RunList, layout, QueueSelection(), std::ref(ids));
  EXPECT_EQ(absl::StrJoin(ids, " "), "AB AC");
  // A selection takes them all.
  host.Run(&RunList, layout, QueueSelection{.terms = {{SelectionTerm::Field::kId, "6AK"}}},
           std::ref(ids));
  EXPECT_EQ(absl::StrJoin(ids, " "), "AB AC AA");
  // Attempts thin out: AB had waited 2600 seconds, 400 have passed since.
  layout.min_age = absl::ZeroDuration();
  layout.max_age = absl::Hours(1);
  host.Run(&RunList, layout, QueueSelection(), std::ref(ids));
  EXPECT_EQ(absl::StrJoin(ids, " "), "AC");
  layout.max_age = absl::Seconds(300);
  host.Run(&RunList, layout, QueueSelection(), std::ref(ids));
  EXPECT_EQ(absl::StrJoin(ids, " "), "AB AC");
}

TEST(QueueRun, IsLimited) {
  TestHost host;
  AddSome(host);
  std::vector<std::string> ids;
  QueueLayout layout = SingleQueue(kBase);
  layout.max_run_size = 2;
  host.Run(&RunList, layout, QueueSelection(), std::ref(ids));
  EXPECT_EQ(absl::StrJoin(ids, " "), "AB AA");  // the first two of the directory
  EXPECT_TRUE(absl::StrContains(host.Log(), "WorkList for /var/spool/mqueue maxed out at 2"));
  layout.max_run_size = 0;
  layout.groups[0].max_jobs = 1;
  host.Run(&RunList, layout, QueueSelection(), std::ref(ids));
  EXPECT_EQ(absl::StrJoin(ids, " "), "AB");
  layout.groups[0].runners = 0;
  host.Run(&RunList, layout, QueueSelection(), std::ref(ids));
  EXPECT_TRUE(ids.empty());
  host.Run(&RunList, layout, QueueSelection{.group = "MQueue"}, std::ref(ids));
  EXPECT_EQ(absl::StrJoin(ids, " "), "AB");
}

TEST(QueueRun, Selects) {
  TestHost host;
  AddSome(host);
  using Field = SelectionTerm::Field;
  const auto selected = [&](std::vector<SelectionTerm> terms) {
    std::vector<std::string> ids;
    EXPECT_EQ(host.Run(&RunList, SingleQueue(kBase), QueueSelection{.terms = std::move(terms)},
                       std::ref(ids)),
              0);
    return absl::StrJoin(ids, " ");
  };
  EXPECT_EQ(selected({{Field::kRecipient, "z@DOM1"}}), "AC");
  EXPECT_EQ(selected({{Field::kRecipient, "dom2", true}}), "AC AA");  // AC has one without it
  EXPECT_EQ(selected({{Field::kRecipient, "dom1", true}}), "AB AC");
  EXPECT_EQ(selected({{Field::kRecipient, "dom", true}}), "");
  EXPECT_EQ(selected({{Field::kSender, "ann"}, {Field::kSender, "BOB"}}), "AB AA");
  EXPECT_EQ(selected({{Field::kSender, "example"}, {Field::kId, "WAA"}}), "AA");
  EXPECT_EQ(selected({{Field::kId, "waa"}}), "");
  EXPECT_EQ(selected({{Field::kId, "AB", true}}), "AC AA");
  EXPECT_EQ(selected({{Field::kReason, "x"}}), "");
}

Task<int> RunPrint(Environment& env, QueueLayout layout, QueueSelection selection, bool verbose) {
  std::unique_ptr<Queue> queue = *co_await OpenQueue(env, std::move(layout));
  co_return (co_await queue->Print(selection, verbose)).ok() ? 0 : 1;
}

TEST(MailQueue, IsPrintedAsSendmailDoes) {
  TestHost host;
  AddMessage(
      host, "AA",
      "T1795156306\nK1795156306\nN1\nP90166\nB8BITMIME\n"
      "MHost unknown (Name server: a.very.long.host.name.dom2.example: host not found)\n"
      "Fwbs\nS<a-very-long-sender-address-that-goes-on-and-on-and-on@outside.example>\n"
      "MDeferred: no\nCalice:1:1:<list@corp.example>\nRPFD:<x@dom1.example>\nC\nRPFD:\x01\n");
  AddMessage(host, "AB", "T1795156306\nP1\nqnot now\nS<>\nRPFD:<z@dom2.example>\n");
  EXPECT_EQ(host.Run(&RunPrint, SingleQueue(kBase), QueueSelection(), false), 0);
  EXPECT_EQ(host.output,
            "\t\t/var/spool/mqueue (2 requests)\n"
            "-----Q-ID----- --Size-- -----Q-Time----- ------------Sender/Recipient-----------\n"
            "6AK6XWAB000001       23 Fri Nov 20 06:31 <>\n"
            "     QUARANTINE: not now\n"
            "\t\t\t\t\t <z@dom2.example>\n"
            "6AK6XWAA000001       23 Fri Nov 20 06:31 <a-very-long-sender-address-that-goes-o\n"
            "      8BITMIME   (Host unknown (Name server: a.very.long.host.name.dom2.exampl)\n"
            "\t\t\t\t\t <x@dom1.example>\n"
            "\t\t\t\t\t \\001\n"
            "\t\tTotal requests: 2\n");
  EXPECT_EQ(host.Run(&RunPrint, SingleQueue(kBase), QueueSelection(), true), 0);
  EXPECT_EQ(host.output,
            "\t\t/var/spool/mqueue (2 requests)\n"
            "-----Q-ID----- --Size-- -Priority- ---Q-Time--- --------Sender/Recipient--------\n"
            "6AK6XWAB000001       23          1 Nov 20 06:31 <>\n"
            "     QUARANTINE: not now\n"
            "\t\t\t\t\t\t<z@dom2.example>\n"
            "6AK6XWAA000001       23      90166+Nov 20 06:31 "
            "<a-very-long-sender-address-that-goes-on-and-on-and-on@outside.example>\n"
            "      8BITMIME   (Host unknown (Name server: a.very.long.host.name.dom2.example: host "
            "not found))\n"
            "\t\t\t\t\t\t(---alice:1:1:<list@corp.example>---)\n"
            "\t\t\t\t\t\t<x@dom1.example>\n"
            "\t\t (Deferred: no)\n"
            "\t\t\t\t\t\t(------)\n"
            "\t\t\t\t\t\t\\001\n"
            "\t\tTotal requests: 2\n");
}

TEST(MailQueue, NamesDirectoriesAndGroups) {
  TestHost host;
  MakeGroups(host);
  EXPECT_EQ(host.Run(&RunPrint, Groups(), QueueSelection(), false), 0);
  EXPECT_EQ(host.output,
            "/var/spool/mqueue/q1 is empty\n/var/spool/mqueue/q2/df is empty\n"
            "/var/spool/mqueue/slow/df is empty\n\t\tTotal requests: 0\n");
  EXPECT_EQ(host.Run(&RunPrint, Groups(), QueueSelection{.group = "slow"}, false), 0);
  EXPECT_EQ(host.output, "/var/spool/mqueue/slow/df is empty\n");
  EXPECT_EQ(host.Run(&RunPrint, Groups(), QueueSelection{.group = "none"}, false), 0);
  EXPECT_EQ(host.output, "Queue group none unknown\n");
}

TEST(MailQueue, MarksWhatCannotBeTried) {
  TestHost host;
  AddSome(host);
  ASSERT_TRUE(host.disk().WriteFile(absl::StrCat(kBase, "qf6AK6XWAD000001"), "").ok());
  ASSERT_TRUE(host.disk().RemoveAll(absl::StrCat(kBase, "df6AK6XWAC000001")).ok());
  QueueLayout layout = SingleQueue(kBase);
  layout.min_age = absl::Seconds(200);
  EXPECT_EQ(host.Run(&RunPrint, layout, QueueSelection(), false), 0);
  for (const char* text :
       {"6AK6XWAA000001-      23 ", "6AK6XWAB000001       23 ",
        "6AK6XWAC000001readqf: cannot open ./df6AK6XWAC000001: No such file or directory\n"
        "       -1 ",
        "6AK6XWAD000001  (no control file)\n"}) {
    EXPECT_TRUE(absl::StrContains(host.output, text)) << text << host.output;
  }
  layout.queue_load = 0;
  layout.queue_factor = 0;
  EXPECT_EQ(host.Run(&RunPrint, layout, QueueSelection(), false), 0);
  EXPECT_TRUE(absl::StrContains(host.output, "6AK6XWAB000001X      23 ")) << host.output;
  layout.max_run_size = 1;
  EXPECT_EQ(host.Run(&RunPrint, layout, QueueSelection(), false), 0);
  EXPECT_TRUE(absl::StrContains(host.output, "(4 requests, only 1 printed)")) << host.output;
}

Task<int> AskRoom(Environment& env, QueueLayout layout, int64_t bytes, bool& room) {
  std::unique_ptr<Queue> queue = *co_await OpenQueue(env, std::move(layout));
  room = *co_await queue->HasRoom("6AK6W4C7000610", "host.outside.example", bytes);
  co_return 0;
}

TEST(QueueSpace, IsAskedFor) {
  TestHost host;
  bool room = false;
  QueueLayout layout = SingleQueue(kBase);
  ASSERT_EQ(host.Run(&AskRoom, layout, int64_t{1000}, std::ref(room)), 0);
  EXPECT_TRUE(room);
  layout.min_free_blocks = int64_t{1} << 50;
  ASSERT_EQ(host.Run(&AskRoom, layout, int64_t{1000}, std::ref(room)), 0);
  EXPECT_FALSE(room);
  EXPECT_TRUE(
      absl::StrContains(host.Log(),
                        "6AK6W4C7000610: low on space (host.outside.example needs 1000 bytes + "
                        "1125899906842624 blocks in /var/spool/mqueue), max avail: "));
}

Task<int> Open(Environment& env, QueueLayout layout, absl::Status& status) {
  status = (co_await OpenQueue(env, std::move(layout))).status();
  co_return 0;
}

TEST(QueueOpening, NamesEveryDirectoryThatIsMissing) {
  TestHost host;
  absl::Status status;
  host.Run(&Open, Groups(), std::ref(status));
  EXPECT_EQ(status.message(),
            "can not opendir(/var/spool/mqueue/q): No such file or directory\n"
            "can not opendir(/var/spool/mqueue/slow): No such file or directory");
  ASSERT_TRUE(host.disk().ChangeMode("/var/spool/mqueue", 0777).ok());
  QueueLayout layout = SingleQueue(kBase);
  layout.submission = true;
  host.Run(&Open, layout, std::ref(status));
  EXPECT_TRUE(status.ok());
  EXPECT_TRUE(absl::StrContains(
      host.Log(), "dangerous permissions=40777 on queue directory /var/spool/mqueue/"));
}

}  // namespace
}  // namespace stagepost
