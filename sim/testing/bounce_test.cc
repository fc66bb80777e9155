// What senders are told of messages that failed, wait or arrived: delivery jobs on a simulated host
// whose only users are alice and bob.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"
#include "mta/bin/mail_local.h"
#include "mta/deliver/delivery_scheduler.h"
#include "mta/expand/rebuild_aliases.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr absl::string_view kConfiguration = R"(V10/Berkeley
Djmx1.corp.example
DnMAILER-DAEMON
Cwcorp.example mx1.corp.example
O AliasFile=/etc/aliases
O OperatorChars=.:%@!^/[]+
O DefaultUser=daemon:daemon
O MinQueueAge=0
O Timeout.queuewarn=1m
O Timeout.queuereturn=1h
O MaxHopCount=3
HReturn-Path-Test: x
H?P?Return-Path: <$g>
HReceived: from $_ by $j id $i; $b
H?D?Date: $a
H?F?From: $?x$x <$g>$|$g$.
H?M?Message-Id: <$t.$i@$j>
Mlocal, P=/usr/libexec/sendmail/mail.local, F=lsDFMAw5:/|@qSPXmnz9, S=10, R=10, T=DNS/RFC822/SMTP, A=mail.local -l
Mprog, P=/bin/sh, F=lsDFMoqeu9, S=10, R=10, A=sh -c $u
Msmtp, P=[IPC], F=mDFMuX, S=10, R=10, A=TCP $h
S10
S3
R$*<$*>$*	$2
R$+@$+	$@$1<@$2>
S0
R$+<@$=w>	$#local $:$1
R$+<@$+>	$#smtp $@$2 $:$1<@$2>
R$+	$#local $:$1
S4
R$*<$*>$*	$1$2$3
)";

constexpr absl::string_view kMailLocal = "/usr/libexec/sendmail/mail.local";

struct Mail {
  std::string sender = "alice@corp.example";
  std::string to = "nobody@corp.example";
  std::string recipient_flags = "PFD";
  std::string flags = "bs";
  int hops = 1;
  // How long after its acceptance runs over the queue come.
  std::vector<absl::Duration> runs = {};
};

Envelope EnvelopeOf(const Mail& mail) {
  Envelope envelope;
  envelope.sender = mail.sender;
  envelope.flags = mail.flags;
  for (const std::string& to : {mail.to, std::string("bob@corp.example")}) {
    Recipient recipient;
    recipient.address = to;
    recipient.flags = mail.recipient_flags;
    recipient.final_recipient = absl::StrCat("RFC822; ", to);
    envelope.recipients.push_back(recipient);
  }
  envelope.macros = {{"_", "host.outside.example [192.0.2.33]"}};
  envelope.header = {{"Return-Path", " <\x81g>", "P"}, {"Subject", " first", ""}};
  for (int i = 0; i < mail.hops; ++i) envelope.header.push_back({"Received", " from x", ""});
  return envelope;
}

Task<absl::Status> Accept(Queue& queue, const Mail& mail, std::string& id) {
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<IncomingMessage> message,
                      co_await queue.Create(queue.NewId()));
  CO_RETURN_IF_ERROR(co_await message->AppendBody("From me\nthe body\n"));
  Envelope envelope = EnvelopeOf(mail);
  CO_RETURN_IF_ERROR(co_await message->Commit(envelope));
  id = envelope.id;
  co_return absl::OkStatus();
}

Task<absl::Status> Deliver(Environment& env, Mail mail, bool accept) {
  LoadedSite loaded = co_await LoadSite(env, ReadOptions());
  if (loaded.site == nullptr) co_return absl::InternalError(loaded.diagnostics[0].text);
  const std::shared_ptr<Site> site = std::move(loaded.site);
  if (accept) CHECK(co_await RebuildAliases(*site) == 0);
  QueueLayout layout;
  layout.base = "/var/spool/mqueue";
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<Queue> queue, co_await OpenQueue(env, layout));
  if (accept) {
    std::string id;
    DeliveryState state(env);
    CO_RETURN_IF_ERROR(co_await Accept(*queue, mail, id));
    CO_RETURN_IF_ERROR((co_await DeliverMessage(site, *queue, state, id, {})).status);
  }
  for (const absl::Duration wait : mail.runs) {
    CO_RETURN_IF_ERROR(co_await Sleep(wait));
    CO_RETURN_IF_ERROR(co_await RunQueueOnce(site, *queue, {}));
  }
  co_return absl::OkStatus();
}

Task<int> DeliverProgram(Environment& env, Mail mail, bool accept) {
  const absl::Status status = co_await Deliver(env, std::move(mail), accept);
  CHECK(status.ok() || absl::IsCancelled(status)) << status.message();
  co_return 0;
}

class BounceTest : public testing::Test {
 protected:
  BounceTest() { SetUpHost(host_); }

  static void SetUpHost(TestHost& host) {
    host.host().InstallProgram(kMailLocal, &MailLocalMain);
    CHECK(host.disk().WriteFile(kMailLocal, "", {.mode = 0755}).ok());
    CHECK(host.host()
              .accounts()
              .AddUser({.name = "daemon",
                        .id = UserId{1},
                        .group = GroupId{1},
                        .full_name = "",
                        .home = "/",
                        .shell = "/usr/sbin/nologin"})
              .ok());
    Write(host, "/etc/mail/sendmail.cf", kConfiguration);
    // Nobody answers there: mail for it stays.
    Write(host, "/etc/hosts", "192.0.2.201 outside.example\n");
    Write(host, "/etc/aliases", "postmaster: bob\nlist: nobodyhere\nowner-list: alice\n");
  }
  static void Write(TestHost& host, absl::string_view path, absl::string_view text) {
    CHECK(host.disk().WriteFile(path, text, {.mode = 0644}).ok()) << path;
  }
  void Option(absl::string_view option) {
    Write(host_, "/etc/mail/sendmail.cf", absl::StrCat(kConfiguration, "O ", option, "\n"));
  }
  void Run(Mail mail) { EXPECT_EQ(host_.Run(&DeliverProgram, std::move(mail), true), 0); }

  // Files of the queue whose names begin so.
  size_t Queued(absl::string_view prefix) {
    size_t count = 0;
    const auto listed = host_.disk().ListDirectory("/var/spool/mqueue");
    for (const std::string& name : *listed) count += absl::StartsWith(name, prefix) ? 1 : 0;
    return count;
  }
  std::string Box(absl::string_view user) { return host_.Read(absl::StrCat("/var/mail/", user)); }
  static size_t Count(absl::string_view text, absl::string_view what) {
    return std::vector<absl::string_view>(absl::StrSplit(text, what)).size() - 1;
  }
  bool Logged(absl::string_view text) { return absl::StrContains(host_.Log(), text); }

  TestHost host_;
};

TEST_F(BounceTest, FailuresGoBackWithTheMessage) {
  Run({});
  EXPECT_TRUE(absl::StrContains(Box("bob"), "\nFrom me\nthe body\n") ||
              absl::StrContains(Box("bob"), "\n>From me\nthe body\n"));
  const std::string bounce = Box("alice");
  for (const absl::string_view text :
       {"Return-Path: <MAILER-DAEMON", "\nFrom: Mail Delivery Subsystem <MAILER-DAEMON>\n",
        "\nTo: <alice@corp.example>\n", "\nSubject: Returned mail: see transcript for details\n",
        "\nAuto-Submitted: auto-generated (failure)\n",
        "<nobody@corp.example>\n    (reason: 550 5.1.1 User unknown)\n",
        "\n550 5.1.1 <nobody@corp.example>... User unknown\n",
        "\nReceived-From-MTA: DNS; host.outside.example\n",
        "\nFinal-Recipient: RFC822; nobody@corp.example\n"
        "X-Actual-Recipient: rfc822; nobody@mx1.corp.example\nAction: failed\nStatus: 5.1.1\n",
        "\nContent-Type: message/rfc822\n\nReturn-Path: <alice@corp.example>\n",
        "\nSubject: first\nReceived: from x\n\n>From me\nthe body\n\n--"}) {
    EXPECT_TRUE(absl::StrContains(bounce, text)) << text << "\n" << bounce;
  }
  EXPECT_TRUE(Logged(": DSN: User unknown"));
  EXPECT_EQ(Queued(""), 0u);
}

TEST_F(BounceTest, TheBodyStaysAwayWhereItShould) {
  Run({.flags = "bdns"});
  EXPECT_TRUE(absl::StrContains(Box("alice"), "\nContent-Type: text/rfc822-headers\n\nReturn-"));
  EXPECT_FALSE(absl::StrContains(Box("alice"), "the body"));
}

TEST_F(BounceTest, NobodyIsToldWhoDoesNotWantTo) {
  Run({.recipient_flags = "PN"});
  EXPECT_EQ(Box("alice"), "(none)");
  EXPECT_EQ(Queued(""), 0u);
}

TEST_F(BounceTest, ReceiptsAreForThoseWhoAsked) {
  Run({.to = "alice@corp.example", .recipient_flags = "PNS"});
  EXPECT_TRUE(absl::StrContains(Box("alice"), "\nSubject: Return receipt\n"));
  EXPECT_TRUE(absl::StrContains(Box("alice"), "\n<bob@corp.example>... Successfully delivered\n"));
  EXPECT_EQ(Count(Box("alice"), "\nAction: delivered (to mailbox)\n"), 2u);
}

TEST_F(BounceTest, OneReportTellsOfFailuresAndSuccesses) {
  Run({.recipient_flags = "PNSF"});
  EXPECT_EQ(Count(Box("alice"), "\nSubject: "), 2u);  // the report's, and the message's in it
  EXPECT_EQ(Count(Box("alice"), "\nAction: failed\n"), 1u);
  EXPECT_EQ(Count(Box("alice"), "\nAction: delivered (to mailbox)\nStatus: 2.1.5\n"), 1u);
}

TEST_F(BounceTest, WhoIsOneOfManyIsNotNamedInReceipts) {
  Write(host_, "/etc/aliases", "postmaster: bob\nboth: alice, bob\none: bob\n");
  Run({.to = "both@corp.example", .recipient_flags = "PNS"});
  EXPECT_TRUE(absl::StrContains(Box("alice"),
                                "\n<both@corp.example>... expanded to multiple addresses\n"
                                "alice... Successfully delivered\n"));
  EXPECT_FALSE(absl::StrContains(Box("alice"), "\nalice  (successfully"));
  Run({.to = "one@corp.example", .recipient_flags = "PNS"});
  EXPECT_TRUE(absl::StrContains(Box("alice"),
                                "\nbob  (successfully delivered to mailbox)\n"
                                "    (expanded from: <one@corp.example>)\n"));
}

TEST_F(BounceTest, OfAListOnlyTheOwnerHears) {
  Write(host_, "/etc/aliases", "postmaster: bob\nlist: carol, bob\nowner-list: bob\n");
  Run({.to = "list@corp.example", .recipient_flags = "PNSF"});
  EXPECT_TRUE(absl::StrContains(
      Box("alice"), "\n<list@corp.example>  (successfully delivered to mailing list)\n"));
  EXPECT_TRUE(absl::StrContains(Box("alice"), "\nAction: delivered (to mailing list)\n"));
  EXPECT_TRUE(absl::StrContains(Box("bob"), "\nAction: failed\n"));
}

TEST_F(BounceTest, ErrorHeaderStandsInFront) {
  Write(host_, "/etc/mail/bounce", "Dear friend,\nthis is $j.\n");
  Option("ErrorHeader=/etc/mail/bounce");
  Run({});
  EXPECT_TRUE(absl::StrContains(
      Box("alice"), "\n\nDear friend,\nthis is mx1.corp.example.\n\n   ----- The following"));
}

TEST_F(BounceTest, MailOfWhichNobodyWouldHearIsKept) {
  Run({.to = "x@outside.example",
       .recipient_flags = "PND",
       .runs = {absl::Minutes(30), absl::Hours(1)}});
  EXPECT_EQ(Queued("qf"), 1u);
  EXPECT_FALSE(absl::StrContains(Box("alice"), "Returned mail"));
}

TEST_F(BounceTest, AListsOwnerIsToldOfItsMembers) {
  Run({.sender = "bob@corp.example", .to = "list@corp.example"});
  EXPECT_TRUE(absl::StrContains(Box("alice"),
                                "\n550 5.1.1 nobodyhere... User unknown\n"
                                "Message delivered to mailing list <list@corp.example>\n"));
  EXPECT_TRUE(absl::StrContains(Box("alice"), "\n    (expanded from: <list@corp.example>)\n"));
  EXPECT_FALSE(absl::StrContains(Box("bob"), "Returned mail"));
}

TEST_F(BounceTest, WhatHasNoSenderGoesToThePostmaster) {
  Option("DoubleBounceAddress=postmaster");
  Run({.sender = ""});
  EXPECT_EQ(Box("alice"), "(none)");
  EXPECT_TRUE(absl::StrContains(Box("bob"), "\nTo: postmaster\n"));
  EXPECT_TRUE(absl::StrContains(Box("bob"), "\nSubject: Postmaster notify: see transcript"));
  EXPECT_TRUE(Logged(": postmaster notify: User unknown")) << host_.Log();
}

TEST_F(BounceTest, ThereIsNoThirdGeneration) {
  Option("DoubleBounceAddress=nobodyelse");
  Run({.sender = "stranger@corp.example"});
  EXPECT_EQ(Queued("Qf"), 1u);
  EXPECT_EQ(Queued("qf"), 0u);
  EXPECT_EQ(Count(host_.Log(), ": DSN: "), 1u);
  EXPECT_EQ(Count(host_.Log(), ": return to sender: "), 1u);
  EXPECT_TRUE(Logged("savemail panic"));
}

TEST_F(BounceTest, ThePostmasterMayHaveACopy) {
  Option("PostmasterCopy=postmaster");
  Run({});
  EXPECT_TRUE(absl::StrContains(Box("alice"), "\nthe body\n"));
  EXPECT_TRUE(absl::StrContains(Box("bob"), "\nwith id "));
  EXPECT_TRUE(absl::StrContains(Box("bob"), "\nContent-Type: text/rfc822-headers\n"));
  EXPECT_TRUE(Logged(": postmaster notify: User unknown"));
}

TEST_F(BounceTest, ACopyThatFailsIsADoubleBounce) {
  Option("PostmasterCopy=nobodyelse, bob");
  Run({});
  EXPECT_EQ(Queued(""), 0u);
  EXPECT_EQ(Count(host_.Log(), ": postmaster notify: "), 1u);
  EXPECT_EQ(Count(host_.Log(), ": return to sender: "), 1u);
  EXPECT_EQ(Count(Box("bob"), "\nSubject: Postmaster notify: "), 3u);  // one of them within another
}

TEST_F(BounceTest, WhoWaitsIsWarnedOnceAndGivenUpAtLast) {
  Run({.to = "x@outside.example", .runs = {absl::Seconds(30), absl::Minutes(2), absl::Minutes(2)}});
  const std::string warned = Box("alice");
  EXPECT_EQ(Count(warned, "Subject: Warning: could not send message for past 1 minute\n"), 1u);
  EXPECT_TRUE(absl::StrContains(warned,
                                "\nWarning: message still undelivered after 1 minute\n"
                                "Will keep trying until message is 1 hour old\n"));
  EXPECT_TRUE(absl::StrContains(warned, "\nAction: delayed\nStatus: 4.4.1\n"));
  EXPECT_EQ(Queued("qf"), 1u);
  EXPECT_EQ(host_.Run(&DeliverProgram, Mail{.runs = {absl::Hours(1)}}, false), 0);
  EXPECT_TRUE(absl::StrContains(Box("alice"),
                                "\nMessage could not be delivered for 1 hour\n"
                                "Message will be deleted from queue\n"));
  EXPECT_TRUE(Logged(": sender notify: Cannot send message for 1 hour"));
  EXPECT_EQ(Queued(""), 0u);
}

TEST_F(BounceTest, AMessageThatGoesInCirclesIsStopped) {
  Run({.to = "alice@corp.example", .hops = 4});
  EXPECT_EQ(Box("bob"), "(none)");
  EXPECT_EQ(Count(Box("alice"),
                  "\n554 5.4.6 Too many hops 4 (3 max): from <alice@corp.example> via "
                  "host.outside.example, to <alice@corp.example>\n"),
            1u);
  EXPECT_EQ(Count(Box("alice"), "\nDiagnostic-Code: SMTP; 554 5.4.6 Too many hops\n"), 2u);
  EXPECT_EQ(Queued(""), 0u);
}

TEST_F(BounceTest, ACrashAnywhereLosesNoReport) {
  int crashes = 0;
  for (int at = 0;; ++at) {
    TestHost host;
    SetUpHost(host);
    host.ResetCalls();
    host.fail_at = at;
    host.fail_with = Errno::kOk;
    const int code = host.Run(&DeliverProgram, Mail(), true);
    if (code == 0) break;
    ++crashes;
    host.fail_at = -1;
    host.host().Boot();
    EXPECT_EQ(host.Run(&DeliverProgram, Mail{.runs = {absl::Seconds(1), absl::Seconds(1)}}, false),
              0);
    const std::string bob = host.Read("/var/mail/bob");
    if (bob == "(none)") continue;  // it went down before the message was there
    EXPECT_TRUE(absl::StrContains(host.Read("/var/mail/alice"), "\nSubject: Returned mail: "))
        << at << "\n"
        << host.Log();
  }
  EXPECT_GT(crashes, 20);
}

}  // namespace
}  // namespace stagepost
