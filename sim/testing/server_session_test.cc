// What is said in SMTP sessions, and what becomes of messages, under a site's own rules.
#include "mta/smtp/server_session.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "mta/base/check.h"
#include "mta/smtp/testing/memory_connection.h"
#include "mta/smtp/testing/memory_queue.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

constexpr absl::string_view kRules = R"(V10
Cwlocalhost corp.example mx1.corp.example
O AliasFile=implicit:-o /etc/mail/aliases
O QueueDirectory=/var/spool/mqueue
O SmtpGreetingMessage=$j $v; $b
O OperatorChars=.:%@!^/[]+
O RefuseLA=0
O QueueLA=0
O Timeout.ident=0
O SendMimeErrors=True
O MaxHeadersLength=32768
HReceived: from $s by $j with $r id $i$?u for $u$.; $b
H?D?Date: $a
H?F?From: $f
H?M?Message-Id: <$t.$i@$j>
HSubject: $>CheckSubject
H*: $>CheckOther

Scanonify=3
R$*<$*>$*		$2
R$+@$+			$: $1 <@$2>
R$*<@$+.>		$1 <@$2>
Sfinal=4
R$*<@$+>$*		$1 @ $2 $3
Sparse=0
R$+ <@$=w>		$#local $: $1
R$+ <@$+>		$#esmtp $@ $2 $: $1 <@$2>
R$+			$#local $: $1

Scheck_relay
R$* $| 192.0.2.66	$#error $@ 5.7.1 $: "550 Go away"
R$* $| 192.0.2.67	$#error $@ 4.3.2 $: "421 Too many of you"
Scheck_mail
R<bad@$*>		$#error $@ 5.7.1 $: "550 Access denied"
R<discard@$*>		$#discard $: discard
Scheck_rcpt
R$*			$: $>canonify $1
R$+ <@$=w>		$@ OK
R$+ <@$+>		$#error $@ 5.7.1 $: "550 Relaying denied"
Scheck_data
R$*			$: $&f
Rdata@$*		$#error $@ 5.7.1 $: "554 No data"
Scheck_eoh
R$*			$: $&f
Reoh@$*			$#error $@ 5.7.1 $: "554 Bad header"
Scheck_eom
R$*			$: $&f
Reom@$*			$#error $@ 5.7.1 $: "554 Bad message"
Scheck_vrfy
Rnobody			$#error $@ 5.7.1 $: "550 Not for you"
Scheck_etrn
Rnobody			$#error $@ 5.7.1 $: "550 Not for you"
SCheckSubject
Rspam			$#error $@ 5.7.1 $: "550 No spam"
Rodd			$#error $@ quarantine $: odd subject
SCheckOther
Rvirus			$#error $@ 5.7.1 $: "550 No viruses"
Sgreet_pause
R$* $| 192.0.2.68	$# 5000

Mlocal,		P=/usr/libexec/sendmail/mail.local, F=lsDFMAw5:/|@qPSXmnz9,
		T=DNS/RFC822/X-Unix, A=mail.local -l
Mprog,		P=/bin/sh, F=lsDFMoqeu9, D=/, T=X-Unix/X-Unix/X-Unix, A=sh -c $u
Mesmtp,		P=[IPC], F=mDFMuXa, E=\r\n, L=990, T=DNS/RFC822/SMTP, A=TCP $h
)";

constexpr absl::string_view kPolite = "EHLO c.example\r\n";
constexpr absl::string_view kMail = "MAIL FROM:<u@outside.example>\r\n";
constexpr absl::string_view kRcpt = "RCPT TO:<alice@corp.example>\r\n";
constexpr absl::string_view kText = "Subject: plain\r\n\r\nHello.\r\n.\r\n";

class Accepted final : public AcceptedMessages {
 public:
  Task<void> OnAccepted(std::unique_ptr<QueuedMessage> message, char mode) override {
    modes.push_back(absl::StrCat(message->envelope().id, absl::string_view(&mode, 1)));
    co_return;
  }
  std::vector<std::string> modes;
};

class QueueRuns final : public SessionHost {
 public:
  Task<bool> StartQueueRun(std::string node) override {
    nodes.push_back(std::move(node));
    co_return true;
  }
  std::vector<std::string> nodes;
};

class ServerSessionTest : public testing::Test {
 protected:
  ServerSessionTest() {
    port_.name = "MTA";
    CHECK(host_.disk().WriteFile("/etc/mail/aliases", "team: alice, bob\n").ok());
    CHECK(host_.disk()
              .WriteFile("/etc/hosts", "127.0.0.1 localhost\n192.0.2.33 host.outside.example\n")
              .ok());
  }

  // Plays `segments`, each of which is what one read of the server brings, with the rules and
  // `options` behind them. All replies, lines joined by newlines, without the greeting.
  std::string Talk(const std::vector<std::string>& segments) {
    const std::string rules = absl::StrCat(kRules, options_);
    CHECK(host_.disk().WriteFile("/etc/mail/sendmail.cf", rules).ok());
    client_.received.clear();
    client_.segments = {segments.begin(), segments.end()};
    EXPECT_EQ(host_.Run(&Play, std::ref(*this)), 0);
    std::vector<std::string> lines = absl::StrSplit(client_.received, "\r\n", absl::SkipEmpty());
    if (lines.empty()) return "";
    greeting_ = lines[0];
    lines.erase(lines.begin());
    return absl::StrJoin(lines, "\n");
  }
  // The replies behind the one to EHLO.
  std::string Ask(std::vector<std::string> segments) {
    segments.insert(segments.begin(), std::string(kPolite));
    const std::string replies = Talk(segments);
    const size_t end = replies.find("250 HELP\n");
    EXPECT_NE(end, std::string::npos) << replies;
    return end == std::string::npos ? replies : replies.substr(end + 9);
  }
  // What comes of message data `text` from this sender: the replies behind 354.
  std::string Send(absl::string_view text, absl::string_view sender = "u@outside.example") {
    const std::string replies = Ask({absl::StrCat("MAIL FROM:<", sender, ">\r\n"),
                                     std::string(kRcpt), "DATA\r\n", std::string(text)});
    const size_t end = replies.find("354 End data with <CR><LF>.<CR><LF>\n");
    return end == std::string::npos ? replies : replies.substr(end + 36);
  }

  static Task<int> Play(Environment& env, ServerSessionTest& self) {
    LoadedSite loaded = co_await LoadSite(env, {});
    for (const Diagnostic& diagnostic : loaded.diagnostics) {
      if (!absl::StrContains(diagnostic.text, "MaxHeadersLength")) ADD_FAILURE() << diagnostic.text;
    }
    if (loaded.site == nullptr) co_return 70;
    ConnectionCounters counters(env.clock(), absl::Minutes(1));
    const SessionContext context = {.env = env,
                                    .site = std::move(loaded.site),
                                    .port = self.port_,
                                    .queue = self.queue_,
                                    .accepted = self.accepted_,
                                    .host = self.runs_,
                                    .counters = &counters};
    const absl::Status status =
        co_await RunServerSession(context, std::make_unique<MemoryConnection>(self.client_), 7);
    EXPECT_TRUE(status.ok()) << status;
    co_return 0;
  }

  TestHost host_;
  PortOptions port_;
  std::string options_;
  TestClient client_;
  MemoryQueue queue_;
  Accepted accepted_;
  QueueRuns runs_;
  std::string greeting_;
};

TEST_F(ServerSessionTest, AcceptsAMessage) {
  EXPECT_EQ(
      Ask({std::string(kMail), std::string(kRcpt), "DATA\r\n", std::string(kText), "QUIT\r\n"}),
      "250 2.1.0 <u@outside.example>... Sender ok\n"
      "250 2.1.5 <alice@corp.example>... Recipient ok\n"
      "354 End data with <CR><LF>.<CR><LF>\n"
      "250 2.0.0 6AK6XWSU000001 Message accepted for delivery\n"
      "221 2.0.0 mx1.corp.example closing connection");
  EXPECT_TRUE(absl::StartsWith(greeting_, "220 mx1.corp.example ESMTP SP-")) << greeting_;
  ASSERT_EQ(queue_.committed.size(), 1u);
  const StoredMessage& stored = *queue_.committed[0];
  EXPECT_EQ(stored.body, "Hello.\n");
  EXPECT_TRUE(stored.handed_over);
  EXPECT_EQ(stored.envelope.sender, "u@outside.example");
  ASSERT_EQ(stored.envelope.recipients.size(), 1u);
  EXPECT_EQ(stored.envelope.recipients[0].address, "alice@corp.example");
  EXPECT_EQ(stored.envelope.recipients[0].final_recipient, "RFC822; alice@corp.example");
  EXPECT_EQ(stored.envelope.recipients[0].flags, "PFD");
  EXPECT_EQ(stored.envelope.macros.at("s"), "c.example");
  EXPECT_EQ(stored.envelope.macros.at("_"), "host.outside.example [192.0.2.33]");
  EXPECT_EQ(accepted_.modes, std::vector<std::string>{"6AK6XWSU000001b"});
  EXPECT_TRUE(absl::StrContains(
      host_.Log(),
      ", class=0, nrcpts=1, msgid=<202611200633.6AK6XWSU000001@mx1.corp.example>, "
      "proto=ESMTP, daemon=MTA, relay=host.outside.example [192.0.2.33]\n"))
      << host_.Log();
}

TEST_F(ServerSessionTest, DividesMessagesByQueueGroup) {
  options_ = "Squeuegroup\nRteam\t\t$# slow\nRbob\t\t$# nosuch\n";
  queue_.groups_and_limits.groups.push_back({"slow", "/var/spool/mqueue/slow"});
  Ask({std::string(kMail), "RCPT TO:<alice@corp.example>\r\nRCPT TO:<team@corp.example>\r\n",
       "RCPT TO:<bob@corp.example>\r\n", "DATA\r\n", std::string(kText), "QUIT\r\n"});
  ASSERT_EQ(queue_.committed.size(), 2u);
  const auto names = [](const StoredMessage& stored) {
    std::vector<std::string> all;
    for (const Recipient& recipient : stored.envelope.recipients) all.push_back(recipient.address);
    return absl::StrJoin(all, " ");
  };
  EXPECT_EQ(names(*queue_.committed[0]), "team@corp.example");
  // Who has no group of his own, or one that there is not, goes with the first.
  EXPECT_EQ(names(*queue_.committed[1]), "alice@corp.example bob@corp.example");
  EXPECT_EQ(queue_.committed[0]->envelope.undivided_recipients, 3u);
  EXPECT_TRUE(absl::StrContains(host_.Log(), "6AK6XWSU000001: split: count=1, id=6AK6XWSU00000"))
      << host_.Log();
}

TEST_F(ServerSessionTest, AsksEveryRuleset) {
  EXPECT_EQ(Ask({"MAIL FROM:<bad@outside.example>\r\n"}),
            "550 5.7.1 <bad@outside.example>... Access denied");
  EXPECT_EQ(
      Ask({std::string(kMail), "RCPT TO:<x@else.example>\r\n", "RCPT TO:<x@corp.example>\r\n"}),
      "250 2.1.0 <u@outside.example>... Sender ok\n"
      "550 5.7.1 <x@else.example>... Relaying denied\n"
      "550 5.1.1 <x@corp.example>... User unknown");
  EXPECT_EQ(Send(kText, "data@outside.example"),
            "250 2.1.0 <data@outside.example>... Sender ok\n"
            "250 2.1.5 <alice@corp.example>... Recipient ok\n"
            "554 5.7.1 No data\n500 5.5.1 Command unrecognized: \"Subject: plain\"\n"
            "500 5.5.1 Command unrecognized: \"\"\n500 5.5.1 Command unrecognized: \"Hello.\"\n"
            "500 5.5.1 Command unrecognized: \".\"");
  EXPECT_EQ(Send(kText, "eoh@outside.example"), "554 5.7.1 Bad header");
  EXPECT_EQ(Send(kText, "eom@outside.example"), "554 5.7.1 Bad message");
  EXPECT_EQ(Send("Subject: spam\r\n\r\nx\r\n.\r\n"), "550 5.7.1 No spam");
  EXPECT_EQ(Send("X-Any: virus\r\n\r\nx\r\n.\r\n"), "550 5.7.1 No viruses");
  EXPECT_EQ(Ask({"VRFY nobody\r\n", "ETRN nobody\r\n"}),
            "550 5.7.1 Not for you\n550 5.7.1 Not for you");
  EXPECT_TRUE(queue_.committed.empty());
  EXPECT_TRUE(absl::StrContains(host_.Log(), "ruleset=CheckSubject, arg1= spam, relay="))
      << host_.Log();
  EXPECT_TRUE(absl::StrContains(host_.Log(), "ruleset=check_eoh, arg1=1, arg2=16, relay="));
}

TEST_F(ServerSessionTest, DiscardsAndQuarantines) {
  EXPECT_TRUE(absl::EndsWith(Send(kText, "discard@outside.example"), "accepted for delivery"));
  EXPECT_TRUE(queue_.committed.empty());
  EXPECT_TRUE(absl::StrContains(host_.Log(), ": discarded\n"));
  EXPECT_TRUE(absl::EndsWith(Send("Subject: odd\r\n\r\nx\r\n.\r\n"), "accepted for delivery"));
  ASSERT_EQ(queue_.committed.size(), 1u);
  EXPECT_EQ(queue_.committed[0]->envelope.quarantine, "odd subject");
  EXPECT_TRUE(accepted_.modes.empty());
}

TEST_F(ServerSessionTest, RejectsClients) {
  client_.address = *IpAddress::Parse("192.0.2.66");
  EXPECT_EQ(
      Talk({std::string(kPolite), std::string(kMail), "VRFY alice\r\n", "NOOP\r\n", "QUIT\r\n"}),
      "250-mx1.corp.example Hello [192.0.2.66], pleased to meet you\n"
      "250 ENHANCEDSTATUSCODES\n"
      "550 5.7.1 Go away\n550 5.7.1 Go away\n250 2.0.0 OK\n"
      "221 2.0.0 mx1.corp.example closing connection");
  client_.address = *IpAddress::Parse("192.0.2.67");
  EXPECT_EQ(Talk({std::string(kPolite)}), "");
  EXPECT_EQ(greeting_, "421 4.3.2 Too many of you");
  client_.address = *IpAddress::Parse("192.0.2.68");
  EXPECT_EQ(Talk({std::string(kPolite), std::string(kMail)}),
            "250-mx1.corp.example Hello [192.0.2.68], pleased to meet you\n"
            "250 ENHANCEDSTATUSCODES\n550 5.0.0 Command rejected");
  EXPECT_EQ(greeting_, "554 mx1.corp.example ESMTP not accepting messages");
}

TEST_F(ServerSessionTest, CarriesWhatReportsNeed) {
  Ask({"MAIL FROM:<u@outside.example> RET=HDRS ENVID=a+2Bb BODY=7BIT BY=300;NT\r\n",
       "RCPT TO:<alice@corp.example> NOTIFY=SUCCESS ORCPT=rfc822;x\r\n", "DATA\r\n",
       std::string(kText)});
  ASSERT_EQ(queue_.committed.size(), 1u);
  const Envelope& envelope = queue_.committed[0]->envelope;
  EXPECT_EQ(envelope.envelope_id, "a+2Bb");
  EXPECT_TRUE(absl::StrContains(envelope.flags, "dn")) << envelope.flags;
  EXPECT_TRUE(envelope.seven_bit);
  ASSERT_TRUE(envelope.deliver_by.has_value());
  EXPECT_EQ(envelope.deliver_by->seconds, 300);
  EXPECT_EQ(envelope.recipients[0].flags, "PNS");
  EXPECT_EQ(envelope.recipients[0].original_recipient, "rfc822;x");
}

TEST_F(ServerSessionTest, HidesWhatIsPrivate) {
  EXPECT_EQ(Ask({"VRFY alice\r\n", "EXPN team\r\n", "VRFY nosuch\r\n"}),
            "250 2.1.5 alice <alice@mx1.corp.example>\n"
            "250-2.1.5 bob <bob@mx1.corp.example>\n250 2.1.5 alice <alice@mx1.corp.example>\n"
            "550 5.1.1 nosuch... User unknown");
  options_ = "O PrivacyOptions=goaway,noetrn\n";
  EXPECT_EQ(Ask({"VRFY alice\r\n", "EXPN team\r\n", "ETRN x\r\n", "VERB\r\n"}),
            "252 2.5.2 Cannot VRFY user; try RCPT to attempt delivery (or try finger)\n"
            "502 5.7.0 Sorry, we do not allow this operation\n"
            "502 5.7.0 Sorry, we do not allow this operation\n502 5.7.0 Verbose unavailable");
  EXPECT_EQ(Talk({std::string(kMail), "VRFY alice\r\n"}),
            "503 5.0.0 Polite people say HELO first\n"
            "252 2.5.2 Cannot VRFY user; try RCPT to attempt delivery (or try finger)");
  options_ = "O PrivacyOptions=needvrfyhelo\n";
  EXPECT_EQ(Talk({"VRFY alice\r\n"}), "503 5.0.0 I demand that you introduce yourself first");
}

TEST_F(ServerSessionTest, StartsQueueRuns) {
  EXPECT_EQ(Ask({"ETRN corp.example\r\n", "ETRN #nosuch\r\n", "ETRN #mqueue\r\n", "ETRN\r\n"}),
            "250 2.0.0 Queuing for node corp.example started\n"
            "459 4.5.4 Queue nosuch unknown\n"
            "250 2.0.0 Queuing for queue group mqueue started\n"
            "500 5.5.2 Parameter required");
  EXPECT_EQ(runs_.nodes, (std::vector<std::string>{"corp.example", "#mqueue"}));
}

TEST_F(ServerSessionTest, KeepsItsLimits) {
  options_ = "O MaxMessageSize=30\nO MaxRecipientsPerMessage=1\n";
  EXPECT_EQ(Send(kText), "250 2.0.0 6AK6XWSU000001 Message accepted for delivery");
  EXPECT_EQ(Send("Subject: plain\r\n\r\nHello, hello, hello.\r\n.\r\n"),
            "552 5.2.3 Message exceeds maximum fixed size (30)");
  EXPECT_EQ(Ask({"MAIL FROM:<u@outside.example> SIZE=31\r\n", std::string(kMail),
                 std::string(kRcpt), "RCPT TO:<bob@corp.example>\r\n"}),
            "552 5.2.3 Message size exceeds fixed maximum message size (30)\n"
            "250 2.1.0 <u@outside.example>... Sender ok\n"
            "250 2.1.5 <alice@corp.example>... Recipient ok\n"
            "452 4.5.3 Too many recipients");
  options_ = "O MaxHeadersLength=20\n";
  EXPECT_EQ(Send("Subject: much more than that\r\n\r\nx\r\n.\r\n"),
            "552 5.6.0 Headers too large (20 max)");
}

// The attack catalogue's ends of data: never two messages, and what is bare ends the session.
struct Smuggling {
  const char* id;
  absl::string_view end;  // stands behind "one" and in front of the second message
  bool refused;           // else one message with everything in it
};

constexpr Smuggling kSmuggling[] = {
    {"S01", "\n.\n", true},
    {"S02", "\n.\r\n", true},
    {"S03", "\r\n.\n", true},
    {"S04", "\r.\r", true},
    {"S05", "\r.\n", true},
    {"S06", "\n.\r", true},
    {"S07", "\r.\r\n", true},
    {"S08", "\r\n.\r", true},
    {"S09", "\r\r\n.\r\r\n", true},
    {"S10", absl::string_view("\r\n\0.\r\n", 6), false},
    {"S11", absl::string_view("\r\n.\0\r\n", 6), false},
    {"S12", "\r\n..\r\n", false},
    {"S13", "\r\n. \r\n", false},
};

TEST_F(ServerSessionTest, EndsMessagesAtOneMarkOnly) {
  for (const Smuggling& attack : kSmuggling) {
    queue_.committed.clear();
    const std::string data =
        absl::StrCat("Subject: outer\r\n\r\none", attack.end,
                     "MAIL FROM:<admin@victim.example>\r\nRCPT TO:<alice@corp.example>\r\n"
                     "DATA\r\nSubject: inner\r\n\r\ntwo\r\n.\r\n");
    const std::string replies = Send(data);
    EXPECT_EQ(queue_.committed.size(), attack.refused ? 0u : 1u) << attack.id << "\n" << replies;
    EXPECT_EQ(absl::StartsWith(replies, "421 4.5.0 Bare "), attack.refused) << attack.id;
    EXPECT_FALSE(absl::StrContains(replies, "victim")) << attack.id;
  }
}

TEST_F(ServerSessionTest, FindsTheEndWhereverSegmentsEnd) {  // S14
  const std::string data = "Subject: x\r\n\r\none\r\n..two\r\n.\r\n";
  for (size_t cut = 1; cut < data.size(); ++cut) {
    queue_.committed.clear();
    Ask({std::string(kMail), std::string(kRcpt), "DATA\r\n", data.substr(0, cut),
         data.substr(cut)});
    ASSERT_EQ(queue_.committed.size(), 1u) << cut;
    EXPECT_EQ(queue_.committed[0]->body, "one\n.two\n") << cut;
  }
}

TEST_F(ServerSessionTest, RefusesBareLineEndsInHeaders) {
  for (const absl::string_view text :
       {"Sub\nject: x\r\n\r\n.\r\n", "Subject: x\n\r\n.\r\n",                 // S15
        "Subject: a\rBcc: x\r\n\r\n.\r\n", "Subject: a\n b\r\n\r\n.\r\n"}) {  // S16, S17
    EXPECT_TRUE(absl::StartsWith(Send(text), "421 4.5.0 Bare ")) << text;
  }
  EXPECT_TRUE(queue_.committed.empty());
}

TEST_F(ServerSessionTest, RefusesWhoDoesNotWait) {
  // S19: the message together with DATA.
  EXPECT_TRUE(
      absl::EndsWith(Ask({std::string(kMail), std::string(kRcpt), absl::StrCat("DATA\r\n", kText)}),
                     "\n554 5.5.0 SMTP protocol error"));
  // S20: commands together with EHLO.
  EXPECT_EQ(Talk({absl::StrCat(kPolite, kMail)}),
            "554 5.5.0 SMTP protocol error\n550 5.0.0 Command rejected");
  // S21: all in one write.
  EXPECT_EQ(Talk({absl::StrCat(kPolite, kMail, kRcpt, "DATA\r\n", kText, kMail, kRcpt)}),
            "554 5.5.0 SMTP protocol error\n550 5.0.0 Command rejected\n"
            "550 5.0.0 Command rejected\n550 5.0.0 Command rejected\n"
            "500 5.5.1 Command unrecognized: \"Subject: plain\"\n"
            "500 5.5.1 Command unrecognized: \"\"\n500 5.5.1 Command unrecognized: \"Hello.\"\n"
            "500 5.5.1 Command unrecognized: \".\"\n"
            "550 5.0.0 Command rejected\n550 5.0.0 Command rejected");
  EXPECT_TRUE(queue_.committed.empty());
}

TEST_F(ServerSessionTest, ReplacesBareLineEndsOnDemand) {  // S27
  options_ = "Ssrv_features\nR$*\t$# g2 u2\n";
  EXPECT_TRUE(absl::EndsWith(Send("Subject: x\r\n\r\none\n.\r\ntwo\rx\r\n.\r\n"), "for delivery"));
  ASSERT_EQ(queue_.committed.size(), 1u);
  EXPECT_EQ(queue_.committed[0]->body, "one .\ntwo x\n");
  EXPECT_TRUE(absl::StrContains(host_.Log(), "where=body, status=replaced\n")) << host_.Log();
}

TEST_F(ServerSessionTest, RunsNoBodyAsCommands) {  // S22
  std::string body;
  for (int i = 0; i < 40; ++i) absl::StrAppend(&body, "line ", i, "\r\n");
  const std::string replies = Ask({std::string(kMail), "DATA\r\n", body});
  EXPECT_TRUE(absl::StrContains(replies, "503 5.0.0 Need RCPT (recipient)")) << replies;
  EXPECT_TRUE(absl::EndsWith(
      replies, "421 4.7.0 mx1.corp.example Too many bad commands; closing connection"))
      << replies;
}

TEST_F(ServerSessionTest, SlowsDownWhoGuesses) {  // D: growing delays, BadRcptThrottle
  options_ = "O BadRcptThrottle=2\n";
  std::vector<std::string> lines = {std::string(kMail)};
  for (const char* user : {"a", "b", "c", "d"}) {
    lines.push_back(absl::StrCat("RCPT TO:<", user, "@corp.example>\r\n"));
  }
  const MonotonicTime before = host_.world().now();
  Ask(lines);
  EXPECT_GE(host_.world().now() - before, absl::Seconds(2));
  EXPECT_LT(host_.world().now() - before, absl::Seconds(3));
  EXPECT_TRUE(absl::StrContains(host_.Log(), "Possible SMTP RCPT flood, throttling.\n"));
}

}  // namespace
}  // namespace stagepost
