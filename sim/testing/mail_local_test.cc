// mail.local on a simulated host: its dialogue, its mailboxes, and everything it must refuse.
#include "mta/bin/mail_local.h"

#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/deliver/message_spool.h"
#include "mta/env/env_test_util.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr absl::string_view kAlice = "/var/mail/alice";
constexpr absl::string_view kFrom = "From u@outside.example Fri Nov 20 06:33:32 2026\n";
constexpr absl::string_view kMessage = "Subject: x\n\nHello.\n";
constexpr absl::string_view kStored = "Subject: x\nContent-Length: 7\n\nHello.\n\n";

const DiskEditor::Ownership kOfAlice = {UserId{2001}, GroupId{2001}, 0600};

int RunLmtp(TestHost& host, absl::string_view dialogue) {
  host.start.arguments = {"mail.local", "-l"};
  host.start.input = absl::StrReplaceAll(dialogue, {{"\n", "\r\n"}});
  const int code = host.Run(&MailLocalMain, host.start.arguments);
  host.output = absl::StrReplaceAll(host.output, {{"\r\n", "\n"}});
  return code;
}

// One transaction; the replies to the message.
std::string DeliverTo(TestHost& host, absl::string_view user,
                      absl::string_view message = kMessage) {
  const int code = RunLmtp(host, absl::StrCat("LHLO x\nMAIL FROM:<u@outside.example>\nRCPT TO:<",
                                              user, ">\nDATA\n", message, ".\nQUIT\n"));
  EXPECT_EQ(code, 0);
  const size_t begin = host.output.find("354 Go ahead\n");
  if (begin == std::string::npos) return host.output;
  const std::string rest = host.output.substr(begin + 13);
  EXPECT_TRUE(absl::EndsWith(rest, "221 2.0.0 Bye\n"));
  return rest.substr(0, rest.size() - 14);
}

int RunClassic(TestHost& host, Arguments arguments, absl::string_view input) {
  arguments.insert(arguments.begin(), "mail.local");
  host.start.input = std::string(input);
  return host.Run(&MailLocalMain, arguments);
}

TEST(MailLocal, SpeaksAsSendmailsDoes) {
  TestHost host;
  EXPECT_EQ(
      RunLmtp(host,
              "NOOP\nMAIL FROM:<a@b>\nLHLO\nlhlo x\nRCPT TO:<alice>\nMAIL FROM:<c@d>\n"
              "RSET\nDATA\nVRFY alice\nHELP\nMAIL\nMAIL FROM:a@b\nMAIL FROM:<> BODY=8BITMIME\n"
              "RCPT TO:<nosuch>\nRCPT TO:<../etc/x>\nRCPT TO:<a/b>\nRCPT TO:alice\n"
              "RCPT TO:<bob+det@x>\nRCPT TO:<Alice>\nRCPT TO:<root>\nDATA\nS: x\n\n.\nQUIT\n"),
      0);
  EXPECT_EQ(host.output,
            "220 mx1.corp.example LMTP ready\n250 2.0.0 Ok\n250 2.5.0 Ok\n500 5.5.2 Syntax error\n"
            "250-mx1.corp.example\n250-8BITMIME\n250-ENHANCEDSTATUSCODES\n250 PIPELINING\n"
            "250 2.1.5 Ok\n503 5.5.1 Nested MAIL command\n250 2.0.0 Ok\n503 5.5.1 No recipients\n"
            "252 2.3.3 Try RCPT to attempt delivery\n500 5.5.2 Syntax error\n"
            "500 5.5.2 Syntax error\n501 5.5.4 Syntax error in parameters\n250 2.5.0 Ok\n"
            "550 5.1.1 User unknown\n550 5.1.1 User unknown\n550 5.1.1 User unknown\n"
            "501 5.5.4 Syntax error in parameters\n250 2.1.5 Ok\n550 5.1.1 User unknown\n"
            "250 2.1.5 Ok\n354 Go ahead\n250 2.1.5 bob Ok\n250 2.1.5 root Ok\n221 2.0.0 Bye\n");
  EXPECT_EQ(host.Read("/var/mail/bob"),
            "From MAILER-DAEMON Fri Nov 20 06:33:32 2026\nS: x\nContent-Length: 0\n\n\n");
  EXPECT_EQ(host.Read("/var/mail/root"), host.Read("/var/mail/bob"));
  EXPECT_EQ(*host.disk().ListDirectory("/var/mail"), (std::vector<std::string>{"bob", "root"}));
}

TEST(MailLocal, MakesAMailboxOfTheUser) {
  TestHost host;
  EXPECT_EQ(DeliverTo(host, "alice@corp.example"), "250 2.1.5 alice Ok\n");
  EXPECT_EQ(DeliverTo(host, "alice"), "250 2.1.5 alice Ok\n");
  EXPECT_EQ(host.Read(kAlice), absl::StrCat(kFrom, kStored, kFrom, kStored));
  const FileStat stat = *host.disk().Stat(kAlice);
  EXPECT_EQ(stat.owner, UserId{2001});
  EXPECT_EQ(stat.group, GroupId{2001});
  EXPECT_EQ(stat.mode, 0600u);
  EXPECT_EQ(host.disk().ListDirectory("/var/mail")->size(), 1u);
}

TEST(MailLocal, UndoesDotStuffing) {
  TestHost host;
  EXPECT_EQ(DeliverTo(host, "alice", "A: b\n\n..\n...x\nFrom me\n"), "250 2.1.5 alice Ok\n");
  EXPECT_EQ(host.Read(kAlice),
            absl::StrCat(kFrom, "A: b\nContent-Length: 14\n\n.\n..x\nFrom me\n\n"));
}

// MAIL, RCPTs and a message of one chunk, as a client sends it that does not wait.
std::string AtOnce(std::vector<std::string> users, absl::string_view message) {
  const std::string wire = absl::StrReplaceAll(message, {{"\n", "\r\n"}});
  std::string text = "MAIL FROM:<u@outside.example>\n";
  for (const std::string& user : users) absl::StrAppend(&text, "RCPT TO:<", user, ">\n");
  return absl::StrCat(text, "BDAT ", wire.size(), " LAST\n", message);
}

TEST(MailLocal, OffersChunksToWhomAsksForThem) {
  TestHost host;
  EXPECT_EQ(RunLmtp(host, "BDAT 3 LAST\nQUIT\n"), 0);
  EXPECT_TRUE(absl::StrContains(host.output, "500 5.5.2 Syntax error\n")) << host.output;
  host.start.environment["LMTP_CHUNKING"] = "yes";
  EXPECT_EQ(RunLmtp(host, absl::StrCat("LHLO x\nBDAT 4 LAST\nx.\nMAIL FROM:<a@b>\nBDAT 0\n",
                                       "MAIL FROM:<u@outside.example>\nRCPT TO:<alice>\n",
                                       "BDAT 17\nSubject: x\n\n.\nRCPT TO:<bob>\nDATA\n",
                                       "BDAT 0\nBDAT 1 LAST\n\r", "QUIT\n")),
            0);
  EXPECT_TRUE(absl::StrContains(
      host.output,
      "250-CHUNKING\n250-ENHANCEDSTATUSCODES\n250 PIPELINING\n503 5.5.1 No recipients\n"
      "250 2.5.0 Ok\n503 5.5.1 No recipients\n250 2.5.0 Ok\n250 2.1.5 Ok\n250 2.0.0 Ok\n"
      "503 5.5.1 Message has begun with BDAT\n503 5.5.1 Message has begun with BDAT\n"
      "250 2.0.0 Ok\n250 2.1.5 alice Ok\n221 2.0.0 Bye\n"))
      << host.output;
  EXPECT_EQ(host.Read(kAlice), absl::StrCat(kFrom, "Subject: x\nContent-Length: 4\n\n.\n\r\n\n"));
  EXPECT_EQ(RunLmtp(host, "MAIL FROM:<a@b>\nRCPT TO:<alice>\nBDAT x LAST\nQUIT\n"), 75);
}

TEST(MailLocal, WritesWhatHasComeTogether) {
  TestHost host;
  host.start.environment["LMTP_CHUNKING"] = "yes";
  int syncs = 0;
  host.fault = [&](FileCall call, absl::string_view path) {
    if (call == FileCall::kSync && path == kAlice) ++syncs;
    return Errno::kOk;
  };
  EXPECT_EQ(
      RunLmtp(host, absl::StrCat("LHLO x\n", AtOnce({"alice"}, kMessage),
                                 AtOnce({"alice", "nosuch", "bob"}, kMessage),
                                 AtOnce({"nosuch"}, kMessage), AtOnce({"bob", "alice"}, kMessage))),
      0);
  const size_t replies = host.output.find("250 PIPELINING\n");
  ASSERT_NE(replies, std::string::npos);
  EXPECT_EQ(host.output.substr(replies + 15),
            "250 2.5.0 Ok\n250 2.1.5 Ok\n250 2.1.5 alice Ok\n"
            "250 2.5.0 Ok\n250 2.1.5 Ok\n550 5.1.1 User unknown\n250 2.1.5 Ok\n"
            "250 2.1.5 alice Ok\n250 2.1.5 bob Ok\n"
            "250 2.5.0 Ok\n550 5.1.1 User unknown\n503 5.5.1 No recipients\n"
            "250 2.5.0 Ok\n250 2.1.5 Ok\n250 2.1.5 Ok\n250 2.1.5 bob Ok\n250 2.1.5 alice Ok\n");
  const std::string one = absl::StrCat(kFrom, kStored);
  EXPECT_EQ(host.Read(kAlice), absl::StrCat(one, one, one));
  EXPECT_EQ(host.Read("/var/mail/bob"), absl::StrCat(one, one));
  EXPECT_EQ(syncs, 1);
}

// Hands over the messages of each group at once, with a pause in front of each group.
Task<int> GivesGroups(Environment& env, std::vector<int> groups, absl::Duration pause) {
  CO_REQUIRE_ASSIGN(std::unique_ptr<Child> child,
                    co_await env.programs().Start({.path = "/mail.local",
                                                   .arguments = {"mail.local", "-l"},
                                                   .environment = {{"LMTP_CHUNKING", "yes"}},
                                                   .pipe_input = true,
                                                   .pipe_output = true}));
  std::unique_ptr<ByteSink> input = child->TakeInput();
  std::unique_ptr<ByteSource> output = child->TakeOutput();
  const std::string one = absl::StrReplaceAll(AtOnce({"alice"}, kMessage), {{"\n", "\r\n"}});
  for (const int messages : groups) {
    EXPECT_OK(co_await Sleep(pause));
    std::string text;
    for (int i = 0; i < messages; ++i) text += one;
    EXPECT_OK(co_await WriteAll(*input, text));
  }
  input.reset();
  CO_REQUIRE_ASSIGN(const std::string replies, co_await ReadAll(*output));
  EXPECT_OK((co_await child->Wait()).status());
  int delivered = 0;
  for (size_t at = 0; (at = replies.find("alice Ok", at)) != std::string::npos; ++at) ++delivered;
  co_return delivered;
}

// How often the mailbox is flushed for them.
int SyncsOfGroups(std::vector<int> groups, absl::Duration pause) {
  TestHost host;
  host.host().InstallProgram("/mail.local", &MailLocalMain);
  EXPECT_TRUE(host.disk().WriteFile("/mail.local", "", {.mode = 0755}).ok());
  int syncs = 0;
  host.fault = [&](FileCall call, absl::string_view path) {
    if (call == FileCall::kSync && path == kAlice) ++syncs;
    return Errno::kOk;
  };
  const int sent = std::accumulate(groups.begin(), groups.end(), 0);
  EXPECT_EQ(host.Run(&GivesGroups, std::move(groups), pause), sent);
  return syncs;
}

TEST(MailLocal, GathersFromWhomHandsOverSeveral) {
  // Who waits for each answer, or has nothing more to say, is not kept waiting.
  EXPECT_EQ(SyncsOfGroups({1, 1, 1}, absl::Milliseconds(20)), 3);
  EXPECT_EQ(SyncsOfGroups({2, 1, 1}, absl::Milliseconds(20)), 3);
  const int together = SyncsOfGroups({2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, absl::Microseconds(500));
  EXPECT_GE(together, 2);
  EXPECT_LE(together, 4);
}

TEST(MailLocal, WhatDoesNotFitTogetherIsTriedAlone) {
  TestHost host;
  host.start.environment["LMTP_CHUNKING"] = "yes";
  int writes = 0;
  host.fault = [&](FileCall call, absl::string_view path) {
    if (call != FileCall::kWrite || path != kAlice) return Errno::kOk;
    ++writes;
    return writes == 1 || writes == 3 ? Errno::kEDQUOT : Errno::kOk;
  };
  EXPECT_EQ(RunLmtp(host, absl::StrCat(AtOnce({"alice"}, "Subject: 1\n\n"),
                                       AtOnce({"alice"}, "Subject: 2\n\n"),
                                       AtOnce({"alice"}, "Subject: 3\n\n"))),
            0);
  EXPECT_TRUE(absl::EndsWith(host.output,
                             "250 2.1.5 alice Ok\n250 2.5.0 Ok\n250 2.1.5 Ok\n"
                             "450 4.2.0 Write /var/mail/alice: Disk quota exceeded\n"
                             "250 2.5.0 Ok\n250 2.1.5 Ok\n250 2.1.5 alice Ok\n"))
      << host.output;
  EXPECT_EQ(host.Read(kAlice), absl::StrCat(kFrom, "Subject: 1\nContent-Length: 0\n\n\n", kFrom,
                                            "Subject: 3\nContent-Length: 0\n\n\n"));
}

TEST(MailLocal, RefusesWhatIsNoMailboxOfTheUser) {
  struct Case {
    std::function<absl::Status(DiskEditor)> prepare;
    absl::string_view reply;
  };
  const std::vector<Case> cases = {
      {[](DiskEditor d) { return d.MakeSymlink("/etc/passwd", kAlice); },
       "550 5.2.0 /var/mail/alice: irregular file\n"},
      {[](DiskEditor d) { return d.MakeSymlink("/var/mail/bob", kAlice); },
       "550 5.2.0 /var/mail/alice: irregular file\n"},
      {[](DiskEditor d) { return d.WriteFile(kAlice, "x", {UserId{2002}, GroupId{2002}, 0666}); },
       "550 5.2.0 /var/mail/alice: wrong ownership (2002)\n"},
      {[](DiskEditor d) { return d.WriteFile(kAlice, "x", {.mode = 0666}); },
       "550 5.2.0 /var/mail/alice: wrong ownership (0)\n"},
      {[](DiskEditor d) {
         absl::Status status = d.WriteFile(kAlice, "x", kOfAlice);
         status.Update(d.MakeLink(kAlice, "/var/mail/other"));
         return status;
       },
       "550 5.2.0 /var/mail/alice: too many links\n"},
      {[](DiskEditor d) { return d.MakeDirectories(kAlice); },
       "550 5.2.0 /var/mail/alice: too many links\n"},
      {[](DiskEditor d) {
         absl::Status status = d.WriteFile(kAlice, "x", kOfAlice);
         status.Update(d.ChangeMode(kAlice, 0));
         return status;
       },
       "450 4.2.0 Append /var/mail/alice: Permission denied\n"},
      {[](DiskEditor d) { return d.ChangeMode("/var/mail", 0755); },
       "451 4.3.0 lockmailbox alice failed; error code 75 \n"},
  };
  for (const Case& c : cases) {
    TestHost host;
    ASSERT_TRUE(c.prepare(host.disk()).ok());
    ASSERT_TRUE(host.disk().WriteFile("/etc/passwd", "root:x\n").ok());
    const auto before = *host.disk().Snapshot("/var/mail");
    EXPECT_EQ(DeliverTo(host, "alice"), c.reply);
    EXPECT_EQ(host.Read("/etc/passwd"), "root:x\n");
    const auto after = *host.disk().Snapshot("/var/mail");
    ASSERT_EQ(before.size(), after.size()) << c.reply;
    for (size_t i = 0; i < before.size(); ++i) {
      EXPECT_EQ(before[i].path, after[i].path);
      EXPECT_EQ(before[i].bytes, after[i].bytes);
    }
    EXPECT_TRUE(absl::StrContains(host.Log(), "alice")) << "not logged";
  }
}

TEST(MailLocal, AnswersEachRecipientForItself) {
  TestHost host;
  ASSERT_TRUE(host.disk().MakeSymlink("/x", kAlice).ok());
  EXPECT_EQ(
      RunLmtp(host, "MAIL FROM:<a@b>\nRCPT TO:<alice>\nRCPT TO:<bob>\nDATA\nS: x\n\nb\n.\nQUIT\n"),
      0);
  EXPECT_TRUE(absl::StrContains(host.output,
                                "354 Go ahead\n550 5.2.0 /var/mail/alice: irregular file\n"
                                "250 2.1.5 bob Ok\n"));
}

TEST(MailLocal, RepairsAMailboxThatEndsInTheMiddle) {
  struct Case {
    absl::string_view before, missing;
  };
  for (const Case& c :
       {Case{"", ""}, Case{"\n", ""}, Case{"From x\nA: b\n\nbody", "\n\n"},
        Case{"From x\nA: b\n\nbody\n", "\n"}, Case{"From x\n\nbody\n\n", ""}, Case{"x", "\n\n"}}) {
    TestHost host;
    ASSERT_TRUE(host.disk().WriteFile(kAlice, c.before, kOfAlice).ok());
    EXPECT_EQ(DeliverTo(host, "alice"), "250 2.1.5 alice Ok\n");
    EXPECT_EQ(host.Read(kAlice), absl::StrCat(c.before, c.missing, kFrom, kStored));
  }
}

TEST(MailLocal, WaitsForALockAndBreaksAStaleOne) {
  TestHost host;
  const absl::string_view lock = "/var/mail/alice.lock";
  ASSERT_TRUE(host.disk().WriteFile(lock, "1\n", kOfAlice).ok());
  const MonotonicTime begin = host.world().now();
  EXPECT_EQ(DeliverTo(host, "alice"), "451 4.3.0 lockmailbox alice failed; error code 75 \n");
  EXPECT_EQ(host.world().now() - begin, absl::Seconds(45));
  EXPECT_EQ(host.Read(lock), "1\n");
  const absl::Time old = host.host().WallNow() - absl::Seconds(301);
  ASSERT_TRUE(host.disk().SetTimes(lock, old, old).ok());
  EXPECT_EQ(DeliverTo(host, "alice"), "250 2.1.5 alice Ok\n");
  EXPECT_EQ(host.Read(lock), "(none)");
  // One that somebody has planted cannot be removed; it is neither opened nor followed.
  ASSERT_TRUE(host.disk().MakeSymlink("/etc/passwd", lock).ok());
  EXPECT_EQ(DeliverTo(host, "alice"), "451 4.3.0 lockmailbox alice failed; error code 75 \n");
  EXPECT_EQ(host.Read("/etc/passwd"), "(none)");
}

TEST(MailLocal, HoldsLargeMessagesInAFileWithoutAName) {
  TestHost host;
  std::string message = "Subject: large\n\n";
  while (message.size() < 3 * kSpoolMemory)
    absl::StrAppend(&message, "0123456789 ", message.size(), "\n");
  EXPECT_EQ(DeliverTo(host, "alice", message), "250 2.1.5 alice Ok\n");
  const std::string body = message.substr(16);
  EXPECT_EQ(host.Read(kAlice), absl::StrCat(kFrom, "Subject: large\nContent-Length: ", body.size(),
                                            "\n\n", body, "\n"));
  EXPECT_TRUE(host.disk().ListDirectory("/tmp")->empty());
}

TEST(MailLocal, AnyFailingCallLeavesTheMailboxAsItWas) {
  const std::string old = absl::StrCat(kFrom, kStored);
  for (const Errno error : {Errno::kEIO, Errno::kENOSPC, Errno::kEDQUOT}) {
    int refused = 0;
    for (int n = 0;; ++n) {
      TestHost host;
      ASSERT_TRUE(host.disk().WriteFile(kAlice, old, kOfAlice).ok());
      host.fail_at = n;
      host.fail_with = error;
      const std::string reply = DeliverTo(host, "alice");
      if (host.calls() <= n) break;
      if (reply == "250 2.1.5 alice Ok\n") {
        EXPECT_EQ(host.Read(kAlice), absl::StrCat(old, kFrom, kStored)) << n;
        continue;
      }
      ++refused;
      EXPECT_TRUE(absl::StartsWith(reply, "45")) << n << reply;
      EXPECT_EQ(host.Read(kAlice), old) << n << reply;
    }
    EXPECT_GE(refused, 5);
  }
}

TEST(MailLocal, ACrashLosesNothingThatWasAnsweredFor) {
  const std::string old = absl::StrCat(kFrom, kStored);
  for (uint64_t seed = 0; seed < 10; ++seed) {
    for (const bool fresh : {false, true}) {
      for (int n = 0;; ++n) {
        TestHost host(seed);
        if (!fresh) {
          ASSERT_TRUE(host.disk().WriteFile(kAlice, old, kOfAlice).ok());
        }
        host.fail_at = n;
        host.fail_with = Errno::kOk;  // crash
        const int code =
            RunLmtp(host, absl::StrCat("MAIL FROM:<u@outside.example>\nRCPT TO:<alice>\nDATA\n",
                                       kMessage, ".\nQUIT\n"));
        const bool answered = absl::StrContains(host.output, "250 2.1.5 alice Ok");
        if (host.host().up()) host.host().Crash();
        host.fail_at = -1;
        host.host().Boot();
        const std::string before = fresh ? "" : old;
        const std::string text = host.disk().ReadFile(kAlice).value_or("");
        EXPECT_TRUE(absl::StartsWith(text, before)) << seed << " " << n;
        if (answered) EXPECT_EQ(text, absl::StrCat(before, kFrom, kStored)) << seed << " " << n;
        if (code == 0) break;
        // The next message begins where one can begin.
        ASSERT_TRUE(host.disk().RemoveAll("/var/mail/alice.lock").ok());
        ASSERT_EQ(DeliverTo(host, "alice"), "250 2.1.5 alice Ok\n");
        const std::string after = host.Read(kAlice);
        const std::string tail = absl::StrCat(kFrom, kStored);
        ASSERT_TRUE(absl::EndsWith(after, tail)) << after;
        const std::string head = after.substr(0, after.size() - tail.size());
        EXPECT_TRUE(head.empty() || absl::EndsWith(head, "\n\n")) << head;
      }
    }
  }
}

TEST(MailLocal, AQuotaIsTemporaryUnlessItIsSaidToBePermanent) {
  TestHost host;
  host.fault = [](FileCall call, absl::string_view path) {
    return call == FileCall::kWrite && path == kAlice ? Errno::kEDQUOT : Errno::kOk;
  };
  EXPECT_EQ(DeliverTo(host, "alice"), "450 4.2.0 Write /var/mail/alice: Disk quota exceeded\n");
  EXPECT_EQ(RunClassic(host, {"-b", "alice"}, kMessage), 69);
  EXPECT_EQ(RunClassic(host, {"alice"}, kMessage), 75);
  EXPECT_EQ(host.Read(kAlice), "");
}

// Who made the mailbox could not sync its entry; the next delivery is answered for all the same.
TEST(MailLocal, SyncsTheEntryOfAMailboxThatAnotherDeliveryMade) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    TestHost host(seed);
    host.fault = [](FileCall call, absl::string_view) {
      return call == FileCall::kSyncDirectory ? Errno::kEIO : Errno::kOk;
    };
    ASSERT_TRUE(absl::StartsWith(DeliverTo(host, "alice"), "45")) << seed;
    host.fault = nullptr;
    ASSERT_EQ(DeliverTo(host, "alice"), "250 2.1.5 alice Ok\n") << seed;
    host.host().Crash();
    host.host().Boot();
    EXPECT_EQ(host.Read(kAlice), absl::StrCat(kFrom, kStored)) << seed;
  }
}

TEST(MailLocal, DeliversItsStandardInput) {
  TestHost host;
  EXPECT_EQ(RunClassic(host, {"-d", "-f", "u@outside.example", "alice", "bob"}, kMessage), 0);
  EXPECT_EQ(host.Read(kAlice), absl::StrCat(kFrom, kStored));
  EXPECT_EQ(host.Read("/var/mail/bob"), absl::StrCat(kFrom, kStored));
  EXPECT_EQ(RunClassic(host, {"-ru@outside.example", "--", "alice"}, kMessage), 0);
  EXPECT_EQ(host.Read(kAlice), absl::StrCat(kFrom, kStored, kFrom, kStored));
  EXPECT_EQ(host.output, "");
  EXPECT_EQ(host.error_output, "");
}

TEST(MailLocal, KeepsTheMailboxInTheHomeDirectoryIfAsked) {
  TestHost host;
  ASSERT_TRUE(host.disk().MakeDirectories("/home/alice", kOfAlice).ok());
  ASSERT_TRUE(host.disk().ChangeMode("/home/alice", 0700).ok());
  ASSERT_TRUE(host.disk().MakeDirectories("/home/bob", {UserId{2002}, GroupId{2002}, 0755}).ok());
  EXPECT_EQ(RunClassic(host, {"-h", "inbox", "-f", "u@outside.example", "alice"}, kMessage), 0);
  EXPECT_EQ(host.Read("/home/alice/inbox"), absl::StrCat(kFrom, kStored));
  EXPECT_EQ(host.disk().Stat("/home/alice/inbox")->owner, UserId{2001});
  EXPECT_EQ(host.disk().Stat("/home/alice/inbox")->mode, 0600u);
  EXPECT_EQ(*host.disk().ListDirectory("/home/alice"), std::vector<std::string>{"inbox"});
  EXPECT_TRUE(host.disk().ListDirectory("/var/mail")->empty());
  // Only the user writes there, whatever the file is called.
  EXPECT_EQ(RunClassic(host, {"-h", "../bob/x", "alice"}, kMessage), 75);
  EXPECT_EQ(RunClassic(host, {"-h", "no/inbox", "alice"}, kMessage), 75);
  EXPECT_TRUE(host.disk().ListDirectory("/home/bob")->empty());
}

TEST(MailLocal, TakesLineEndsOfTheNetworkForItsOwn) {
  TestHost host;
  EXPECT_EQ(
      RunClassic(host, {"-f", "u@outside.example", "alice"}, "Subject: x\r\n\r\nHe\rllo.\r\r\n"),
      0);
  EXPECT_EQ(host.Read(kAlice),
            absl::StrCat(kFrom, "Subject: x\nContent-Length: 9\n\nHe\rllo.\r\n\n"));
}

TEST(MailLocal, SendersCannotForgeLines) {
  TestHost host;
  EXPECT_EQ(RunClassic(host, {"-f", "a\nFrom b", "alice"}, kMessage), 0);
  EXPECT_TRUE(absl::StartsWith(host.Read(kAlice), "From a?From b Fri")) << host.Read(kAlice);
  EXPECT_EQ(RunClassic(host, {"bob"}, absl::StrCat("From x y\n", kMessage)), 0);
  EXPECT_TRUE(absl::StartsWith(host.Read("/var/mail/bob"), "From root Fri"));
  EXPECT_TRUE(absl::StrContains(host.Read("/var/mail/bob"), "\n>From x y\nSubject: x\n"));
}

TEST(MailLocal, SaysWhatIsWrong) {
  const std::string usage =
      "mail.local: usage: mail.local [-7] [-b] [-d] [-l] [-f from|-r from] [-h filename] user "
      "...\n";
  TestHost host;
  EXPECT_EQ(RunClassic(host, {}, ""), 69);
  EXPECT_EQ(host.error_output, usage);
  EXPECT_EQ(RunClassic(host, {"-z", "alice"}, ""), 69);
  EXPECT_EQ(host.error_output, "mail.local: invalid option -- 'z'\n" + usage);
  EXPECT_EQ(RunClassic(host, {"-f", "a", "-r", "b", "alice"}, ""), 69);
  EXPECT_EQ(host.error_output, "mail.local: Multiple -f options\n" + usage);
  EXPECT_EQ(RunClassic(host, {"-f"}, ""), 69);
  EXPECT_EQ(host.error_output, "mail.local: option requires an argument -- 'f'\n" + usage);
  EXPECT_EQ(RunClassic(host, {"-D", "ldap", "alice"}, ""), 69);
  EXPECT_EQ(RunClassic(host, {"-l", "alice"}, ""), 75);
  EXPECT_TRUE(absl::StartsWith(host.output, "421 Users ")) << host.output;
  EXPECT_EQ(RunClassic(host, {"nosuch"}, kMessage), 69);
  EXPECT_EQ(host.error_output, "mail.local: nosuch: User unknown\n");
  EXPECT_EQ(RunClassic(host, {"../alice"}, kMessage), 69);
  EXPECT_EQ(host.error_output, "mail.local: ../alice: User unknown\n");
  host.host().accounts().SetAvailable(false);
  EXPECT_EQ(RunClassic(host, {"alice"}, kMessage), 75);
}

TEST(MailLocal, AnOrdinaryUserReachesOnlyHerOwnMailbox) {
  TestHost host;
  host.start.identity = {UserId{2001}, GroupId{2001}, {}};
  EXPECT_EQ(RunClassic(host, {"alice"}, kMessage), 0);
  EXPECT_EQ(host.disk().Stat(kAlice)->owner, UserId{2001});
  EXPECT_EQ(RunClassic(host, {"bob"}, kMessage), 75);
  EXPECT_EQ(host.Read("/var/mail/bob"), "(none)");
}

TEST(MailLocal, AMessageCutShortIsNotDelivered) {
  TestHost host;
  EXPECT_EQ(RunLmtp(host, "MAIL FROM:<a@b>\nRCPT TO:<alice>\nDATA\nS: x\n\nbody\n"), 75);
  EXPECT_EQ(host.Read(kAlice), "(none)");
  EXPECT_EQ(RunLmtp(host, "MAIL FROM:<a@b>\nRCPT TO:<alice>\n"), 0);
  EXPECT_EQ(RunLmtp(host, std::string(9000, 'x')), 75);
}

}  // namespace
}  // namespace stagepost
