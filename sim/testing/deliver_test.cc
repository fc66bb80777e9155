// Delivery jobs against simulated hosts.
#include "mta/deliver/deliver.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "sim/testing/deliver_test_util.h"

namespace stagepost {
namespace {

TEST_F(DeliverTest, LocalUsersShareATransaction) {
  ASSERT_TRUE(DeliverTo({"alice@corp.example", "bob@corp.example"}).ok());
  EXPECT_EQ(host_.Read("/var/mail/alice"), host_.Read("/var/mail/bob"));
  EXPECT_TRUE(absl::StrContains(host_.Read("/var/mail/alice"),
                                "Return-Path: <carol@outside.example>\nSubject: test\n"));
  EXPECT_TRUE(Queued().empty());
  EXPECT_TRUE(absl::StartsWith(LogLine("mailer=local"),
                               "to=<bob@corp.example>,<alice@corp.example>, delay=00:00:00, "
                               "xdelay=00:00:00, mailer=local, pri="))
      << host_.Log();
  EXPECT_TRUE(absl::EndsWith(LogLine("mailer=local"), "relay=local, dsn=2.1.5, stat=Sent"));
}

TEST_F(DeliverTest, AliasesLeadToProgramsAndFiles) {
  SetAliases(
      "prog: \"|/bin/cat >/tmp/out\"\nfile: /tmp/archive\nnull: /dev/null\nteam: alice, bob\n");
  ASSERT_TRUE(DeliverTo({"prog@corp.example"}).ok());
  ASSERT_TRUE(DeliverTo({"file@corp.example"}).ok());
  ASSERT_TRUE(DeliverTo({"null@corp.example"}).ok());
  ASSERT_TRUE(DeliverTo({"team@corp.example"}).ok());
  EXPECT_TRUE(Queued().empty()) << host_.Log();
  EXPECT_TRUE(absl::StartsWith(host_.Read("/tmp/out"), "From carol@outside.example "));
  EXPECT_TRUE(absl::EndsWith(host_.Read("/tmp/out"), "Subject: test\n\nhello\n"));
  EXPECT_EQ(host_.disk().Stat("/tmp/out")->owner, UserId{1});
  EXPECT_TRUE(absl::EndsWith(host_.Read("/tmp/archive"), "Subject: test\n\nhello\n\n"));
  EXPECT_EQ(host_.disk().Stat("/tmp/archive")->owner, UserId{1});
  EXPECT_EQ(host_.disk().Stat("/tmp/archive")->mode, 0600u);
  EXPECT_TRUE(absl::StartsWith(LogLine("mailer=prog"),
                               "to=\"|/bin/cat >/tmp/out\", ctladdr=<prog@corp.example> (1/0), "))
      << host_.Log();
  EXPECT_TRUE(absl::EndsWith(LogLine("mailer=*file*"), "dsn=2.0.0, stat=Sent"));
  EXPECT_TRUE(absl::StartsWith(LogLine("to=alice,bob"), "to=alice,bob, delay=00:00:00"));
}

TEST_F(DeliverTest, ProgramsOfUsersRunAsTheUser) {
  CHECK(host_.disk()
            .WriteFile("/home/alice/.forward", "\"|/bin/cat >/home/alice/got\"\n",
                       {.owner = UserId{2001}, .group = GroupId{2001}, .mode = 0644})
            .ok());
  ASSERT_TRUE(DeliverTo({"alice@corp.example"}).ok());
  EXPECT_TRUE(Queued().empty()) << host_.Log();
  EXPECT_EQ(host_.disk().Stat("/home/alice/got")->owner, UserId{2001});
}

TEST_F(DeliverTest, WithoutRootUsersHaveNoPrograms) {
  SetAliases("prog: \"|/bin/cat >/tmp/of_alias\"\n");
  ASSERT_TRUE(Deliver({}).ok());  // builds the database
  rebuild_ = false;
  CHECK(host_.disk()
            .WriteFile("/home/alice/.forward", "\"|/bin/cat >/tmp/of_alice\"\n/tmp/of_alice\n",
                       {.owner = UserId{2001}, .group = GroupId{2001}, .mode = 0644})
            .ok());
  CHECK(host_.disk().ChangeOwner("/var/spool/mqueue", UserId{1}, GroupId{1}).ok());
  host_.start.identity = {UserId{1}, GroupId{1}, {}};
  ASSERT_TRUE(DeliverTo({"alice@corp.example", "prog@corp.example"}).ok());
  EXPECT_EQ(host_.Read("/tmp/of_alice"), "(none)");
  EXPECT_EQ(host_.disk().Stat("/tmp/of_alias")->owner, UserId{1});
  // What is left is the bounce.
  ASSERT_EQ(Queued().size(), 1u) << host_.Log();
  const std::string bounce = host_.Read(absl::StrReplaceAll(Queued()[0], {{"/qf", "/df"}}));
  for (const char* line :
       {"1: \"|/bin/cat >/tmp/of_alice\"... Address <alice@corp.example> is unsafe for mailing to "
        "programs",
        "2: /tmp/of_alice... Address <alice@corp.example> is unsafe for mailing to files"}) {
    const std::string said = absl::StrCat("550 5.7.1 /home/alice/.forward: line ", line, "\n");
    EXPECT_TRUE(absl::StrContains(bounce, said)) << bounce;
  }
}

TEST_F(DeliverTest, ExitCodesSayHowItWent) {
  SetAliases(
      "later: \"|exit 75\"\nnever: \"|echo no thanks; exit 69\"\nunread: \"|exit 0\"\n"
      "odd: \"|exit 3\"\n");
  ASSERT_TRUE(DeliverTo({"later@corp.example"}).ok());
  EXPECT_TRUE(
      absl::EndsWith(LogLine("mailer=prog"),
                     "dsn=4.0.0, stat=Deferred: prog mailer (/bin/sh) exited with EX_TEMPFAIL"))
      << host_.Log();
  EXPECT_TRUE(absl::StrContains(QueueFile(),
                                "\nMDeferred: prog mailer (/bin/sh) exited with EX_TEMPFAIL\n"));
  EXPECT_TRUE(absl::StrContains(QueueFile(), "\nClater:1:0:<later@corp.example>\n"));
  EXPECT_TRUE(absl::StrContains(QueueFile(), ":\"|exit 75\"\n")) << QueueFile();
  // It is tried again as it stands in the queue.
  ASSERT_TRUE(Deliver({}, {.queue_run = true}).ok());
  EXPECT_TRUE(absl::StrContains(QueueFile(), "\nN2\n")) << QueueFile();
  ASSERT_TRUE(DeliverTo({"unread@corp.example"}).ok());
  EXPECT_EQ(Queued().size(), 1u);
  ASSERT_TRUE(DeliverTo({"odd@corp.example"}).ok());
  EXPECT_NE(LogLine("dsn=5.3.0, stat=unknown mailer error 3"), "");
  ASSERT_TRUE(DeliverTo({"never@corp.example"}).ok());
  EXPECT_NE(LogLine("dsn=5.0.0, stat=Service unavailable"), "");
  EXPECT_EQ(Queued().size(), 3u);
}

TEST_F(DeliverTest, UnknownUsersAreLoggedWithTheirAlias) {
  SetAliases("list: nobodyhere, bob\n");
  ASSERT_TRUE(DeliverTo({"list@corp.example"}).ok());
  const std::string line = LogLine("to=nobodyhere");
  EXPECT_TRUE(absl::StartsWith(
      line, "to=nobodyhere, ctladdr=<list@corp.example> (1/0), delay=00:00:00, mailer=local, pri="))
      << host_.Log();
  EXPECT_TRUE(absl::EndsWith(line, "dsn=5.1.1, reply=550 5.1.1 User unknown, stat=User unknown"));
  EXPECT_NE(host_.Read("/var/mail/bob"), "(none)");
  // What is left is the bounce.
  EXPECT_TRUE(absl::StrContains(QueueFile(), "\nRPF:<carol@outside.example>\n")) << QueueFile();
}

TEST_F(DeliverTest, OwnersAreTheSendersOfTheirLists) {
  SetAliases("owner-list: bob\nlist: alice\n");
  ASSERT_TRUE(DeliverTo({"list@corp.example", "bob@corp.example"}).ok());
  EXPECT_TRUE(absl::StrContains(host_.Log(), ": clone: owner=bob\n")) << host_.Log();
  EXPECT_TRUE(absl::StrContains(host_.Read("/var/mail/alice"), "Return-Path: <bob>"));
  EXPECT_TRUE(
      absl::StrContains(host_.Read("/var/mail/bob"), "Return-Path: <carol@outside.example>"));
  EXPECT_NE(LogLine("to=alice, ctladdr=bob (2002/2002), delay="), "") << host_.Log();
  EXPECT_TRUE(Queued().empty());
}

TEST_F(DeliverTest, LimitsOfMailersHold) {
  Install("/bin/note", &NoteArguments);
  ASSERT_TRUE(DeliverTo({"a@to.two", "b@to.two", "c@to.two"}).ok());
  EXPECT_EQ(host_.Read("/tmp/two"), "-h host.two a b end\n-h host.two c end\n") << host_.Log();
  EXPECT_NE(LogLine("to=<b@to.two>,<a@to.two>, delay="), "");
  EXPECT_NE(LogLine("to=<c@to.two>, delay="), "");
  ASSERT_TRUE(DeliverTo({"x@to.big"}).ok());
  EXPECT_TRUE(
      absl::EndsWith(LogLine("mailer=big"), "dsn=5.2.3, reply=69, stat=Service unavailable"))
      << host_.Log();
}
TEST_F(DeliverTest, TheSenderIsAnArgumentWhereAFlagSaysSo) {
  Install("/bin/note", &NoteArguments);
  ASSERT_TRUE(Deliver({{.sender = "-x y@outside.example", .to = {"a@to.f"}}}).ok());
  ASSERT_TRUE(Deliver({{.to = {"a@to.r", "b@to.r"}}}).ok());
  ASSERT_TRUE(Deliver({{.sender = "", .to = {"a@to.r"}}}).ok());
  EXPECT_EQ(host_.Read("/tmp/two"),
            "-f -x y@outside.example -d a\n-r carol@outside.example a b\n-r MAILER-DAEMON a\n")
      << host_.Log();
}

TEST_F(DeliverTest, WhatCannotBeDoneStaysAndSaysWhy) {
  ASSERT_TRUE(DeliverTo({"x@elsewhere.example"}).ok());
  EXPECT_NE(LogLine("relay=elsewhere.example"), "") << host_.Log();
  EXPECT_TRUE(absl::StrContains(QueueFile(), "\nMDeferred: ")) << QueueFile();
  ASSERT_TRUE(DeliverTo({"x@to.cell"}).ok());
  EXPECT_NE(LogLine("/=/var/cell is not supported"), "") << host_.Log();
  ASSERT_TRUE(DeliverTo({"x@to.dots"}).ok());
  EXPECT_TRUE(absl::StrContains(
      host_.Log(), "SYSERR(root): Cannot exec /bin/cat2: No such file or directory\n"));
  EXPECT_TRUE(absl::EndsWith(LogLine("mailer=dots"), "dsn=4.0.0, stat=Operating system error"));
}

TEST_F(DeliverTest, HeldMailersWaitForARunOnDemand) {
  ASSERT_TRUE(DeliverTo({"true@to.held"}).ok());
  EXPECT_TRUE(absl::EndsWith(LogLine("mailer=held"), ", stat=queued")) << host_.Log();
  EXPECT_TRUE(absl::StrContains(QueueFile(), "\nN0\n")) << QueueFile();
  ASSERT_TRUE(Deliver({}, {.queue_run = true}).ok());
  EXPECT_EQ(Queued().size(), 1u);
  ASSERT_TRUE(Deliver({}, {.queue_run = true, .on_demand = true}).ok());
  EXPECT_TRUE(Queued().empty()) << host_.Log();
}

TEST_F(DeliverTest, CheckCompatDecidesAboutPairs) {
  SetAliases("nomail: alice\ngone: alice\n");
  ASSERT_TRUE(DeliverTo({"nomail@to.two", "gone@to.two", "bob@corp.example"}).ok());
  EXPECT_NE(LogLine("to=<nomail@to.two>, delay=00:00:00, xdelay=00:00:00, mailer=two"), "")
      << host_.Log();
  EXPECT_TRUE(absl::StrContains(host_.Log(),
                                "ruleset=check_compat, arg1=<carol@outside.example>, "
                                "arg2=<gone@to.two>"));
  EXPECT_NE(host_.Read("/var/mail/bob"), "(none)");
  // Its sender is told of the one that was refused.
  EXPECT_TRUE(absl::StrContains(QueueFile(), "\nRPF:<carol@outside.example>\n")) << QueueFile();
  const std::string body = absl::StrReplaceAll(Queued()[0], {{"/qf", "/df"}});
  EXPECT_FALSE(absl::StrContains(host_.Read(body), "gone@"));
  EXPECT_TRUE(absl::StrContains(host_.Read(body), "\nFinal-Recipient: ") ||
              absl::StrContains(host_.Read(body), "<nomail@to.two>"));
}

struct Target {
  const char* path;
  FileMode mode;
  const char* link = nullptr;
};

TEST_F(DeliverTest, FilesThatAreNotForMailAreRefused) {
  DiskEditor disk = host_.disk();
  const auto make = [&](absl::string_view path, FileMode mode) {
    CHECK(disk.WriteFile(path, "", {.owner = UserId{1}, .group = GroupId{1}, .mode = mode}).ok());
  };
  make("/tmp/exe", 0755);
  make("/tmp/suid", 04600);
  make("/tmp/real", 0600);
  make("/tmp/root", 0600);
  CHECK(disk.WriteFile("/tmp/root", "", {.mode = 0600}).ok());
  CHECK(disk.MakeSymlink("/tmp/real", "/tmp/sym").ok());
  SetAliases(
      "exe: /tmp/exe\nsuid: /tmp/suid\nsym: /tmp/sym\nroot2: /tmp/root\ndir: /tmp\n"
      "nodir: /tmp/none/x\nreal: /tmp/real\n");
  for (const char* name : {"exe", "suid", "sym", "root2", "dir", "nodir"}) {
    ASSERT_TRUE(DeliverTo({absl::StrCat(name, "@corp.example")}).ok());
    const std::string line = LogLine(absl::StrCat("ctladdr=<", name, "@"));
    EXPECT_TRUE(absl::EndsWith(line,
                               "mailer=*file*, pri=30139, dsn=5.0.0, stat=Can't create "
                               "output") ||
                absl::EndsWith(line, "dsn=5.0.0, stat=Can't create output"))
        << name << ": " << line;
  }
  EXPECT_EQ(host_.Read("/tmp/real"), "");
  EXPECT_EQ(host_.Read("/tmp/root"), "");
  ASSERT_TRUE(DeliverTo({"real@corp.example"}).ok());
  EXPECT_TRUE(absl::StartsWith(host_.Read("/tmp/real"), "From carol@outside.example "));
}

TEST_F(DeliverTest, AFullDiskLeavesFilesAsTheyWere) {
  SetAliases("file: /tmp/archive\n");
  ASSERT_TRUE(DeliverTo({"file@corp.example"}).ok());
  const std::string before = host_.Read("/tmp/archive");
  ASSERT_NE(before, "(none)");
  host_.fault = [](FileCall call, absl::string_view path) {
    return call == FileCall::kSync && path == "/tmp/archive" ? Errno::kENOSPC : Errno::kOk;
  };
  ASSERT_TRUE(DeliverTo({"file@corp.example"}).ok());
  host_.fault = nullptr;
  EXPECT_EQ(host_.Read("/tmp/archive"), before);
  EXPECT_TRUE(absl::EndsWith(LogLine("I/O error"), "dsn=4.0.0, stat=I/O error")) << host_.Log();
  ASSERT_TRUE(Deliver({}, {.queue_run = true}).ok());
  EXPECT_TRUE(Queued().empty());
  EXPECT_GT(host_.Read("/tmp/archive").size(), before.size());
}

Task<int> Silent(Environment&, Arguments) {
  (void)co_await Sleep(absl::Hours(100));
  co_return 0;
}

Task<int> Endless(Environment& env, Arguments) {
  const std::string line(4096, 'x');
  while ((co_await WriteAll(env.process().standard_output(), line)).ok()) {
    (void)co_await Sleep(absl::Milliseconds(500));
  }
  co_return 0;
}

Task<int> DiesMidway(Environment& env, Arguments) {
  (void)co_await WriteAll(env.process().standard_output(), "220 hi\r\n");
  co_return 3;
}

TEST_F(DeliverTest, AMailerThatNeverAnswersIsGivenUp) {
  Install(kMailLocal, &Silent);
  host_.limit = absl::Hours(30);
  ASSERT_TRUE(DeliverTo({"alice@corp.example"}).ok());
  EXPECT_NE(LogLine("stat=Deferred: Connection timed out with local"), "") << host_.Log();
}

TEST_F(DeliverTest, AProgramThatNeverEndsIsKilled) {
  Install("/bin/sh", &Silent);
  host_.limit = absl::Hours(30);
  SetAliases("prog: \"|/bin/cat\"\n");
  ASSERT_TRUE(DeliverTo({"prog@corp.example"}).ok());
  EXPECT_NE(LogLine("stat=Deferred: mailer prog timed out"), "") << host_.Log();
}

TEST_F(DeliverTest, EndlessOutputIsReadAndForgotten) {
  Install("/bin/sh", &Endless);
  host_.limit = absl::Hours(30);
  SetAliases("prog: \"|/bin/cat\"\n");
  ASSERT_TRUE(DeliverTo({"prog@corp.example"}).ok());
  EXPECT_NE(LogLine("stat=Deferred: mailer prog timed out"), "") << host_.Log();
}

TEST_F(DeliverTest, AServerThatGoesAwayIsTriedAgain) {
  Install(kMailLocal, &DiesMidway);
  ASSERT_TRUE(DeliverTo({"alice@corp.example", "bob@corp.example"}).ok());
  EXPECT_TRUE(
      absl::StrContains(host_.Log(), ": smtpquit: mailer local exited with exit value 3\n"));
  EXPECT_TRUE(absl::EndsWith(LogLine("to=<bob@corp.example>"),
                             "dsn=4.4.2, stat=Deferred: Connection reset by local"))
      << host_.Log();
  EXPECT_TRUE(absl::EndsWith(LogLine("to=<alice@corp.example>"), "dsn=4.4.2, stat=Deferred"));
  EXPECT_TRUE(absl::StrContains(QueueFile(), "\nMreply: read error from local\n"));
}

// Every file call fails once: whoever has been taken for delivered has the message.
TEST_F(DeliverTest, AFailureAnywhereLosesNobody) {
  const std::vector<Mail> mails = {
      {.sender = "unread@corp.example", .to = {"alice@corp.example", "bob@corp.example"}}};
  SetAliases("unread: /dev/null\n");
  ASSERT_TRUE(Deliver({}).ok());
  rebuild_ = false;
  host_.ResetCalls();
  ASSERT_TRUE(Deliver(mails).ok());
  const int calls = host_.calls();
  ASSERT_GT(calls, 20);
  for (int at = 0; at < calls; ++at) {
    (void)host_.disk().RemoveAll("/var/mail/alice");
    (void)host_.disk().RemoveAll("/var/mail/bob");
    host_.ResetCalls();
    host_.fail_at = at;
    host_.fail_with = Errno::kEIO;
    (void)Deliver(mails);
    host_.fail_at = -1;
    // A lock that was left behind holds for five minutes, and each run waits 45 seconds for it.
    for (int round = 0; round < 10 && !Queued().empty(); ++round) {
      ASSERT_TRUE(Deliver({}, {.queue_run = true}).ok());
    }
    ASSERT_TRUE(Queued().empty()) << "call " << at << "\n" << host_.Log();
    // A disk that fails is no reason to give anybody up.
    ASSERT_FALSE(absl::StrContains(host_.Log(), ": DSN: ")) << "call " << at << "\n" << host_.Log();
    const bool accepted = host_.Read("/var/mail/alice") != "(none)";
    ASSERT_EQ(host_.Read("/var/mail/bob") != "(none)", accepted) << "call " << at << "\n"
                                                                 << host_.Log();
  }
}

}  // namespace
}  // namespace stagepost
