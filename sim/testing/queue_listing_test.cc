// Queue runs and listings: orders, ages, limits, selections and layout, on a simulated disk.
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/queue/queue.h"
#include "mta/queue/queue_file.h"
#include "sim/testing/queue_test_util.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

Task<int> ListFor(Environment& env, GatherFor purpose, QueueLayout layout, QueueSelection selection,
                  std::vector<std::string>& ids) {
  std::unique_ptr<Queue> queue = *co_await OpenQueue(env, std::move(layout));
  ids = *co_await queue->List(selection, purpose);
  for (std::string& id : ids) id = id.substr(6, 2);
  co_return 0;
}

Task<int> RunList(Environment& env, QueueLayout layout, QueueSelection selection,
                  std::vector<std::string>& ids) {
  co_return co_await ListFor(env, GatherFor::kRun, std::move(layout), std::move(selection), ids);
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

TEST(QueueListing, HasWhatNoRunTakes) {
  TestHost host;
  AddSome(host);
  std::vector<std::string> ids;
  QueueLayout layout = SingleQueue(kBase);
  layout.max_run_size = 1;
  layout.min_age = absl::Hours(1);
  layout.groups[0].max_jobs = 1;
  layout.groups[0].runners = 0;
  layout.queue_load = 8;
  layout.queue_factor = 1;
  host.host().load_average = 60;
  host.Run(&RunList, layout, QueueSelection{.group = "mqueue"}, std::ref(ids));
  EXPECT_TRUE(ids.empty());
  host.Run(&ListFor, GatherFor::kListing, layout, QueueSelection(), std::ref(ids));
  EXPECT_EQ(absl::StrJoin(ids, " "), "AB AC AA");
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

TEST(MailQueue, IsBoundedWhateverAFileHolds) {
  TestHost host;
  AddMessage(host, "AA", "T1\nP1\nS<>\nRPFD:<x@dom1.example>\n");
  // More than a control file may have, in one line and in many.
  for (const auto& [letters, line] : {std::pair("AB", "R"), {"AC", "Mx\n"}}) {
    std::string text = "V8\nT1\nP2\nS<>\n";
    while (text.size() <= kMaxQueueFileBytes) absl::StrAppend(&text, line);
    const std::string path = absl::StrCat(kBase, "qf6AK6XW", letters, "000001");
    ASSERT_TRUE(host.disk().WriteFile(path, text, {.mode = 0600}).ok());
  }
  const QueueSelection by_recipient = {.terms = {{SelectionTerm::Field::kRecipient, "dom1"}}};
  EXPECT_EQ(host.Run(&RunPrint, SingleQueue(kBase), by_recipient, false), 0);
  EXPECT_TRUE(absl::StrContains(host.output, "(1 request)")) << host.output.substr(0, 500);
  EXPECT_EQ(host.Run(&RunPrint, SingleQueue(kBase), QueueSelection(), true), 0);
  EXPECT_TRUE(absl::StrContains(host.output, "(3 requests)"));
  EXPECT_LT(host.output.size(), 2000u);
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

// How often the file system is asked when three ask at once, and a fourth a moment later.
Task<int> CountQuestions(Environment& env, TestHost& host, std::vector<int>& calls) {
  std::unique_ptr<Queue> queue = *co_await OpenQueue(env, SingleQueue(kBase));
  for (int i = 0; i < 4; ++i) {
    if (i == 3) (void)co_await Sleep(absl::Milliseconds(50));
    host.ResetCalls();
    (void)co_await queue->HasRoom("6AK6W4C7000610", "", 1000);
    calls.push_back(host.calls());
  }
  co_return 0;
}

TEST(QueueSpace, IsAskedForEachTimeWhereItIsShort) {
  for (const bool ample : {true, false}) {
    TestHost host(1, {}, {.blocks = ample ? 1u << 20 : 1u << 17});
    std::vector<int> calls;
    ASSERT_EQ(host.Run(&CountQuestions, std::ref(host), std::ref(calls)), 0);
    EXPECT_EQ(calls, (ample ? std::vector<int>{1, 0, 0, 1} : std::vector<int>{1, 1, 1, 1}));
  }
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

// Too many messages to be sorted, by one.
void AddTooMany(TestHost& host) {
  const std::string text =
      "V8\nT1795156290\nK0\nN0\nP100\nFs\nS<u@a.example>\nRPFD:<x@b.example>\n.\n";
  constexpr absl::string_view kDigits =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx";
  for (size_t i = 0; i <= kMaxSortedListing; ++i) {
    const std::string id = absl::StrCat(
        "6AK6", std::string(1, kDigits[i / 3600 % 60]), std::string(1, kDigits[i / 60 % 60]),
        std::string(1, kDigits[i % 60]), kDigits.substr(i / 216000, 1), "000001");
    ASSERT_TRUE(host.disk().WriteFile(absl::StrCat(kBase, "qf", id), text, {.mode = 0600}).ok());
  }
}

// Of very many messages the first line does not wait for the last file.
TEST(MailQueue, StreamsWhatIsTooMuchToSort) {
  TestHost host;
  AddTooMany(host);
  std::string told_before;
  int opened = 0;
  host.fault = [&](FileCall, absl::string_view path) {
    if (absl::StrContains(path, "qf6AK6") && opened++ == 0) told_before = host.output;
    return Errno::kOk;
  };
  ASSERT_EQ(host.Run(&RunPrint, SingleQueue(kBase), QueueSelection(), false), 0);
  EXPECT_TRUE(
      absl::StrContains(told_before, absl::StrCat("(", kMaxSortedListing + 1, " requests)")))
      << told_before;
  EXPECT_GT(opened, static_cast<int>(kMaxSortedListing));
  EXPECT_TRUE(
      absl::EndsWith(host.output, absl::StrCat("Total requests: ", kMaxSortedListing + 1, "\n")));
}

// What has to be read to be counted is read again to be printed, and not kept.
TEST(MailQueue, StreamsWhatIsTooMuchToSortAmongSelected) {
  TestHost host;
  AddTooMany(host);
  AddMessage(host, "ZZ", "T1795156290\nK0\nN0\nP100\nFs\nS<else@a.example>\nRPFD:<x@b.example>\n");
  QueueLayout layout = SingleQueue(kBase);
  layout.max_run_size = 3;
  QueueSelection selection;
  selection.terms.push_back({.field = SelectionTerm::Field::kSender, .text = "u@"});
  ASSERT_EQ(host.Run(&RunPrint, layout, selection, false), 0);
  EXPECT_TRUE(
      absl::StartsWith(host.output, absl::StrCat("\t\t/var/spool/mqueue (", kMaxSortedListing + 1,
                                                 " requests, only 3 printed)\n")))
      << host.output;
  EXPECT_TRUE(absl::StrContains(host.output, "\n6AK60000000001"));
  EXPECT_TRUE(absl::StrContains(host.output, "\n6AK60020000001"));
  EXPECT_FALSE(absl::StrContains(host.output, "6AK60030000001"));
}

}  // namespace
}  // namespace stagepost
