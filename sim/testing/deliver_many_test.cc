// Messages to many: when their queue file is written, and what it cannot hold.
#include <algorithm>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "mta/queue/queue_file.h"
#include "sim/testing/deliver_test_util.h"

namespace stagepost {
namespace {

// How often the control file of a message for a hundred is written, from its acceptance to its end.
TEST_F(DeliverTest, TheQueueFileIsWrittenAtIntervals) {
  Install("/bin/note", &NoteArguments);
  Mail mail;
  mail.to.clear();
  for (int i = 0; i < 100; ++i) mail.to.push_back(absl::StrCat("u", i, "@to.f"));
  int written = 0;
  host_.fault = [&written](FileCall call, absl::string_view path) {
    if (call == FileCall::kRename && absl::StrContains(path, "/tf")) ++written;
    return Errno::kOk;
  };
  // Where it is exceeded, not where it is reached: there is no eleventh write for nobody.
  const std::pair<absl::string_view, int> expected[] = {{"", 10},
                                                        {"O CheckpointInterval=1\n", 100},
                                                        {"O CheckpointInterval=30\n", 4},
                                                        {"O CheckpointInterval=0\n", 1}};
  for (const auto& [option, writes] : expected) {
    Write("/etc/mail/sendmail.cf", absl::StrCat(kConfiguration, option));
    (void)host_.disk().RemoveAll("/tmp/two");
    written = 0;
    ASSERT_TRUE(Deliver({mail}).ok()) << host_.Log();
    EXPECT_EQ(written, writes) << option;
    const std::string noted = host_.Read("/tmp/two");
    EXPECT_EQ(std::count(noted.begin(), noted.end(), '\n'), 100) << option;
    EXPECT_TRUE(Queued().empty());
  }
}

// Programs that have been run, by their last argument; no crash forgets them.
std::map<std::string, int>& Served() {
  static auto* const served = new std::map<std::string, int>();
  return *served;
}
Task<int> CountArgument(Environment&, Arguments arguments) {
  ++Served()[arguments.back()];
  co_return 0;
}

// At whichever call the power fails, so many at most get the message again.
TEST_F(DeliverTest, ACrashDoublesNoMoreThanTheInterval) {
  Install("/bin/note", &CountArgument);
  Write("/etc/mail/sendmail.cf", absl::StrCat(kConfiguration, "O CheckpointInterval=3\n"));
  ASSERT_TRUE(Deliver({}).ok());
  rebuild_ = false;
  Mail mail;
  mail.to.clear();
  for (int i = 0; i < 8; ++i) mail.to.push_back(absl::StrCat("u", i, "@to.f"));
  int most = 0;
  for (int at = 0;; ++at) {
    Served().clear();
    host_.ResetCalls();
    host_.fail_at = at;
    host_.fail_with = Errno::kOk;
    const absl::Status status = Deliver({mail});
    host_.fail_at = -1;
    if (status.ok()) break;
    if (host_.host().up()) host_.host().Crash();
    host_.host().Boot();
    for (int round = 0; round < 3 && !Queued().empty(); ++round) {
      ASSERT_TRUE(Deliver({}, {.queue_run = true}).ok());
    }
    ASSERT_TRUE(Queued().empty()) << at << host_.Log();
    if (Served().empty()) continue;  // it was not there yet
    int copies = 0;
    for (const auto& [user, count] : Served()) copies += count;
    EXPECT_EQ(Served().size(), 8u) << at;
    most = std::max(most, copies - 8);
  }
  // The last before a checkpoint, and those who are in its file no more.
  EXPECT_EQ(most, 3);
}

Task<int> CountArguments(Environment&, Arguments arguments) {
  for (size_t i = 1; i < arguments.size(); ++i) ++Served()[arguments[i]];
  co_return 0;
}

TEST_F(DeliverTest, ALongListGetsTheMessageOnce) {
  Install("/bin/note", &CountArguments);
  constexpr size_t kMembers = 20'200;
  std::string members;
  for (size_t i = 0; i < kMembers; ++i) absl::StrAppend(&members, "u", i, "@to.twentyfold\n");
  Write(
      "/etc/mail/sendmail.cf",
      absl::StrCat(kConfiguration, "Mtwentyfold, P=/bin/note, F=lsDFMm, S=10, R=10, A=note $u\n"));
  Write("/etc/list", members);
  for (const absl::string_view owner : {"", "owner-list: bob\n"}) {
    Served().clear();
    SetAliases(absl::StrCat(owner, "list: :include:/etc/list\n"));
    EXPECT_TRUE(DeliverTo({"list@corp.example"}).ok());
    EXPECT_TRUE(Deliver({}, {.queue_run = true}).ok());
    EXPECT_TRUE(Queued().empty()) << owner;
    EXPECT_EQ(Served().size(), kMembers) << owner;
    for (const auto& [user, copies] : Served()) ASSERT_EQ(copies, 1) << owner << user;
  }
}

// As the queue would have to say of each member what the message was sent to.
TEST_F(DeliverTest, AListThatTheQueueCannotHoldIsReturned) {
  Install("/bin/note", &CountArguments);
  std::string members;
  for (int i = 0; i < 6'000; ++i) absl::StrAppend(&members, "u", i, "@to.r\n");
  Write("/etc/list", members);
  for (const absl::string_view owner : {"", "owner-list: bob\n"}) {
    Served().clear();
    SetAliases(absl::StrCat(owner, "list: :include:/etc/list\nboth: list, two@to.r\n"));
    const Mail mail = {.to = {"both@corp.example", "one@to.r"},
                       .original_recipient = absl::StrCat("rfc822;", std::string(5'000, 'x'))};
    EXPECT_TRUE(Deliver({mail}).ok());
    // One or two of them are not of the part that is too large.
    EXPECT_EQ(Served().count("u1"), 0u) << owner;
    EXPECT_EQ(Served().count("one"), owner.empty() ? 0u : 1u) << owner;
    EXPECT_EQ(Served().count("two"), owner.empty() ? 0u : 1u) << owner;
    // The report waits for a host that does not answer; it names what the message was sent to.
    ASSERT_EQ(Queued().size(), 1u) << owner;
    EXPECT_TRUE(absl::StrContains(QueueFile(), "\nRPF:<carol@outside.example>\n")) << owner;
    const std::string report = host_.Read(absl::StrReplaceAll(Queued()[0], {{"/qf", "/df"}}));
    EXPECT_TRUE(absl::StrContains(report, "\nStatus: 5.5.3\n")) << report;
    EXPECT_TRUE(absl::StrContains(
        report, "552 5.5.3 <both@corp.example>... too many addresses to be queued\n"))
        << report;
    EXPECT_FALSE(absl::StrContains(report, "u1@to.r")) << owner;
    for (const std::string& name : Queued()) ASSERT_TRUE(host_.disk().RemoveAll(name).ok());
  }
}

// An LMTP server that says of every recipient, at length, that this is not the time.
Task<int> Reluctant(Environment& env, Arguments) {
  std::string answer = "220 hi\r\n", line(4'096, '\0');
  while ((co_await WriteAll(env.process().standard_output(), answer)).ok()) {
    const absl::StatusOr<size_t> read =
        co_await env.process().standard_input().Read(absl::MakeSpan(line));
    if (!read.ok() || *read == 0) break;
    answer.clear();
    for (const absl::string_view said :
         absl::StrSplit(absl::string_view(line.data(), *read), "\r\n", absl::SkipEmpty())) {
      const bool to = absl::StartsWith(said, "RCPT");
      absl::StrAppend(&answer, to ? "451 4.2.0 " : "250 ok", std::string(to ? 1'900 : 0, 'x'),
                      "\r\n");
    }
  }
  co_return 0;
}

// What is as large as it may be when it comes can still wait.
TEST_F(DeliverTest, WhatThereIsToSayOfManyIsLeftOut) {
  Install("/bin/lmtp", &Reluctant);
  Write("/etc/mail/sendmail.cf",
        absl::StrCat(kConfiguration, "Mlmtp, P=/bin/lmtp, F=lsDFMmz, S=10, R=10, A=lmtp\n"));
  constexpr size_t kRecipients = 2'000;
  Mail mail = {.to = {}, .original_recipient = "rfc822;"};
  for (size_t i = 0; i < kRecipients; ++i) mail.to.push_back(absl::StrCat("u", i, "@to.lmtp"));
  mail.original_recipient.resize(kMaxNewQueueFileBytes / kRecipients, 'x');
  EXPECT_TRUE(absl::IsResourceExhausted(Deliver({mail})));
  EXPECT_TRUE(Queued().empty());
  mail.original_recipient.resize(mail.original_recipient.size() - 100);
  ASSERT_TRUE(Deliver({mail}).ok());
  for (int run = 0; run < 2; ++run) {
    const std::string text = QueueFile();
    EXPECT_GT(text.size(), kMaxNewQueueFileBytes);
    const absl::StatusOr<Envelope> envelope = ParseQueueFile("qf", text);
    ASSERT_TRUE(envelope.ok()) << envelope.status();
    EXPECT_EQ(envelope->recipients.size(), kRecipients);
    EXPECT_TRUE(absl::StartsWith(envelope->recipients[0].status, "Deferred: 451 4.2.0 xxx"));
    size_t said = 0;
    for (const Recipient& recipient : envelope->recipients) said += recipient.status.size();
    EXPECT_GT(said, kMaxQueuedStatusBytes - 2'000);
    EXPECT_LE(said, kMaxQueuedStatusBytes);
    ASSERT_TRUE(Deliver({}, {.queue_run = true}).ok());
  }
}

}  // namespace
}  // namespace stagepost
