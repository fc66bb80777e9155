#include "mta/smtp/server_session.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/errno.h"
#include "mta/smtp/local_acceptance.h"
#include "mta/smtp/testing/memory_connection.h"
#include "mta/smtp/testing/memory_queue.h"
#include "mta/smtp/testing/test_environment.h"

namespace stagepost {
namespace {

constexpr absl::string_view kGreeting =
    "220 mx1.corp.example ESMTP Stagepost 0.1; Fri, 20 Nov 2026 06:33:32 GMT";
constexpr absl::string_view kHello =
    "250-mx1.corp.example Hello [192.0.2.33], pleased to meet you\n"
    "250-ENHANCEDSTATUSCODES\n250-PIPELINING\n250-8BITMIME\n250 SIZE";
constexpr absl::string_view kBye = "221 2.0.0 mx1.corp.example closing connection";

class Accepted final : public AcceptedMessages {
 public:
  void OnAccepted(const std::string& id) override { ids.push_back(id); }
  std::vector<std::string> ids;
};

class ServerSessionTest : public testing::Test {
 protected:
  ServerSessionTest() {
    settings_.host_name = "mx1.corp.example";
    settings_.version = "0.1";
    classes_.local = {"mx1.corp.example", "mx1", "localhost", "corp.example"};
  }
  // Runs a session with what client_ sends; all it was told, without greeting, lines joined by \n.
  std::string Talk() {
    Start();
    EXPECT_TRUE(result_->has_value() && (*result_)->ok());
    return Replies();
  }
  void Start() {
    result_ = world_.Run(&RunServerSession,
                         SessionContext{world_.env(), settings_, acceptance_, queue_, accepted_},
                         std::unique_ptr<Connection>(new MemoryConnection(client_)), 7);
  }
  std::string Replies() {
    std::vector<std::string> lines = absl::StrSplit(client_.received, "\r\n", absl::SkipEmpty());
    EXPECT_FALSE(lines.empty());
    if (lines.empty()) return "";
    EXPECT_EQ(lines[0], kGreeting);
    lines.erase(lines.begin());
    return absl::StrJoin(lines, "\n");
  }
  std::string Talk(const std::vector<std::string>& lines) {
    client_.Send(absl::StrCat(absl::StrJoin(lines, "\r\n"), "\r\n"), segment_);
    return Talk();
  }
  // The replies to `lines` between EHLO and QUIT.
  std::string Ask(std::vector<std::string> lines) {
    lines.insert(lines.begin(), "EHLO c.example");
    lines.push_back("QUIT");
    const std::string replies = Talk(lines);
    const std::string head = absl::StrCat(kHello, "\n"), tail = absl::StrCat("\n", kBye);
    EXPECT_TRUE(absl::StartsWith(replies, head) && absl::EndsWith(replies, tail)) << replies;
    if (replies.size() < head.size() + tail.size()) return replies;
    return replies.substr(head.size(), replies.size() - head.size() - tail.size());
  }
  bool Logged(absl::string_view line) {
    const auto& lines = world_.env().log().lines;
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  }
  std::string AllLogs() { return absl::StrJoin(world_.env().log().lines, "\n"); }

  TestWorld world_;
  HostClasses classes_;
  LocalAcceptance acceptance_{classes_, world_.env().accounts()};
  MemoryQueue queue_;
  Accepted accepted_;
  SessionSettings settings_;
  TestClient client_;
  size_t segment_ = 4096;
  std::shared_ptr<std::optional<absl::Status>> result_;
};

const std::vector<std::string> kMessage = {"From: Sender <user@outside.example>",
                                           "To: alice@corp.example",
                                           "Subject: plain",
                                           "Date: Fri, 20 Nov 2026 10:00:00 +0000",
                                           "Message-Id: <m1@outside.example>",
                                           "",
                                           "Hello.",
                                           "",
                                           "This is a test.",
                                           "."};

std::vector<std::string> Transaction(const std::vector<std::string>& message,
                                     const std::string& mail = "MAIL FROM:<u@outside.example>") {
  std::vector<std::string> lines = {mail, "RCPT TO:<alice@corp.example>", "DATA"};
  lines.insert(lines.end(), message.begin(), message.end());
  return lines;
}

constexpr absl::string_view kAccepted =
    "250 2.1.0 <u@outside.example>... Sender ok\n"
    "250 2.1.5 <alice@corp.example>... Recipient ok\n"
    "354 End data with <CR><LF>.<CR><LF>\n"
    "250 2.0.0 6AK6XWSU000001 Message accepted for delivery";

TEST_F(ServerSessionTest, AcceptsAMessage) {
  EXPECT_EQ(Ask(Transaction(kMessage)), kAccepted);
  ASSERT_EQ(queue_.committed.size(), 1u);
  const StoredMessage& stored = *queue_.committed[0];
  EXPECT_EQ(stored.body, "Hello.\n\nThis is a test.\n");
  EXPECT_TRUE(stored.handed_over);
  EXPECT_EQ(stored.envelope.sender, "u@outside.example");
  ASSERT_EQ(stored.envelope.recipients.size(), 1u);
  EXPECT_EQ(stored.envelope.recipients[0].address, "alice@corp.example");
  EXPECT_EQ(stored.envelope.recipients[0].user, "alice");
  EXPECT_EQ(stored.envelope.recipients[0].final_recipient, "RFC822; alice@corp.example");
  EXPECT_EQ(stored.envelope.macros.at("s"), "c.example");
  EXPECT_EQ(stored.envelope.macros.at("r"), "ESMTP");
  EXPECT_EQ(accepted_.ids, std::vector<std::string>{"6AK6XWSU000001"});
  EXPECT_TRUE(
      Logged("6AK6XWSU000001: from=<u@outside.example>, size=170, class=0, nrcpts=1, "
             "msgid=<m1@outside.example>, proto=ESMTP, daemon=MTA, relay=[192.0.2.33]"))
      << AllLogs();
  const std::vector<std::string>& events = world_.env().trace().events;
  const auto at = [&events](absl::string_view event) {
    return std::find(events.begin(), events.end(), event) - events.begin();
  };
  const auto accepted = at("3 6AK6XWSU000001 u@outside.example 1 0");
  const auto recipient = at("4 6AK6XWSU000001 alice@corp.example 0 0");
  const auto reply =
      at("2 192.0.2.33:40000 250 2.0.0 6AK6XWSU000001 Message accepted for delivery 250 7");
  EXPECT_LT(accepted, recipient);
  EXPECT_LT(recipient, reply);
  EXPECT_LT(reply, static_cast<long>(events.size()));
}

TEST_F(ServerSessionTest, AnswersTheSameAtEverySegmentSize) {
  for (const size_t segment : {1, 2, 3, 5, 17, 100}) {
    TestClient client;
    client_ = client;
    segment_ = segment;
    const std::string replies = Ask(Transaction(kMessage));
    EXPECT_TRUE(absl::EndsWith(replies, "Message accepted for delivery")) << segment;
    EXPECT_EQ(queue_.committed.back()->body, "Hello.\n\nThis is a test.\n");
  }
}

TEST_F(ServerSessionTest, WritesTheHeaderAsSendmail) {
  Ask(Transaction({
      "Subject: x",
      ".",
  }));
  std::string header;
  for (const HeaderField& field : queue_.committed.at(0)->envelope.header) {
    absl::StrAppend(&header, field.mailer_flags, "|", field.name, ":", field.value, "\n");
  }
  EXPECT_EQ(header,
            "P|Return-Path: <\x81g>\n"
            "|Received: from c.example ([192.0.2.33])\n"
            "\tby mx1.corp.example (0.1/0.1) with ESMTP id 6AK6XWSU000001\n"
            "\tfor <alice@corp.example>; Fri, 20 Nov 2026 06:33:32 GMT\n"
            "D|Date: Fri, 20 Nov 2026 06:33:32 GMT\n"
            "F|From: u@outside.example\n"
            "M|Message-Id: <202611200633.6AK6XWSU000001@mx1.corp.example>\n"
            "|Subject: x\n");
}

TEST_F(ServerSessionTest, SaysHelloAsSendmail) {
  EXPECT_EQ(Talk({"HELO c.example", "EHLO", "HELO", "EHLO a b", "EHLO [192.0.2.33]", "QUIT"}),
            absl::StrCat("250 mx1.corp.example Hello [192.0.2.33], pleased to meet you\n"
                         "501 5.0.0 EHLO requires domain address\n"
                         "501 5.0.0 HELO requires domain address\n"
                         "501 5.0.0 Invalid domain name\n",
                         kHello, "\n", kBye));
  EXPECT_TRUE(absl::EndsWith(AllLogs(),
                             ": [192.0.2.33] did not issue MAIL/EXPN/VRFY/ETRN during connection "
                             "to MTA"))
      << AllLogs();
}

TEST_F(ServerSessionTest, AnswersCommandsOutOfOrderAsSendmail) {
  EXPECT_EQ(Ask({"DATA", "RCPT TO:<alice>", "MAIL FROM:<u@outside.example>", "DATA",
                 "MAIL FROM:<v@outside.example>", "RSET", "RCPT TO:<alice>", "NOOP", "NOOP x",
                 "VRFY alice", "BOGUS 0", "HELP"}),
            "503 5.0.0 Need MAIL command\n"
            "503 5.0.0 Need MAIL before RCPT\n"
            "250 2.1.0 <u@outside.example>... Sender ok\n"
            "503 5.0.0 Need RCPT (recipient)\n"
            "503 5.5.0 Sender already specified\n"
            "250 2.0.0 Reset state\n"
            "503 5.0.0 Need MAIL before RCPT\n"
            "250 2.0.0 OK\n250 2.0.0 OK\n"
            "252 2.5.2 Cannot VRFY user; try RCPT to attempt delivery (or try finger)\n"
            "500 5.5.1 Command unrecognized: \"BOGUS 0\"\n"
            "500 5.5.1 Command unrecognized: \"HELP\"");
}

TEST_F(ServerSessionTest, HelloEndsTheTransaction) {
  EXPECT_EQ(Ask({"MAIL FROM:<u@outside.example>", "HELO c.example", "RCPT TO:<alice>"}),
            "250 2.1.0 <u@outside.example>... Sender ok\n"
            "250 mx1.corp.example Hello [192.0.2.33], pleased to meet you\n"
            "503 5.0.0 Need MAIL before RCPT");
}

TEST_F(ServerSessionTest, TakesMailParameters) {
  settings_.max_message_bytes = 2000;
  client_.Send(
      "MAIL FROM:<u@h.example> BODY=8BITMIME SIZE=100\r\nRSET\r\n"
      "MAIL FROM:<u@h.example> BODY=7BIT\r\nRSET\r\n"
      "MAIL FROM:<u@h.example> BODY=BINARYMIME\r\n"
      "MAIL FROM:<u@h.example> BODY=\r\n"
      "MAIL FROM:<u@h.example> SMTPUTF8\r\n"
      "MAIL FROM:<u@h.example> extra\r\n"
      "MAIL FROM:Name <u@h.example>\r\n"
      "MAIL FROM:<u@h.example> SIZE=3000\r\n"
      "MAIL FROM:<u@h.example> SIZE=x\r\n"
      "MAIL FROM:<u@h.example>\r\n"
      "RCPT TO:<alice> NOTIFY=NEVER\r\nRCPT TO:<alice> FOO=1\r\n");
  EXPECT_EQ(Talk(),
            "250 2.1.0 <u@h.example>... Sender ok\n250 2.0.0 Reset state\n"
            "250 2.1.0 <u@h.example>... Sender ok\n250 2.0.0 Reset state\n"
            "501 5.5.4 Unknown BODY type BINARYMIME\n"
            "501 5.5.4 Unknown BODY type \n"
            "555 5.5.4 SMTPUTF8 parameter unrecognized\n"
            "555 5.5.4 extra parameter unrecognized\n"
            "555 5.5.4  parameter unrecognized\n"
            "552 5.2.3 Message size exceeds fixed maximum message size (2000)\n"
            "501 5.5.2 SIZE requires a value\n"
            "250 2.1.0 <u@h.example>... Sender ok\n"
            "555 5.5.4 NOTIFY parameter unrecognized\n"
            "555 5.5.4 FOO parameter unrecognized");
}

TEST_F(ServerSessionTest, LogsRefusalsAsSendmail) {
  Ask({"MAIL FROM:<u>", "MAIL FROM:<u@outside.example>", "RCPT TO:<x@elsewhere.example>",
       "RCPT TO:<nosuch@corp.example>"});
  EXPECT_EQ(AllLogs(),
            "6AK6XWSU000001: ruleset=check_mail, arg1=<u>, relay=[192.0.2.33], reject=553 5.5.4 "
            "<u>... Domain name required for sender address u\n"
            "6AK6XWSU000001: from=<u>, size=0, class=0, nrcpts=0, proto=ESMTP, daemon=MTA, "
            "relay=[192.0.2.33]\n"
            "6AK6XWSU000002: ruleset=check_rcpt, arg1=<x@elsewhere.example>, relay=[192.0.2.33], "
            "reject=550 5.7.1 <x@elsewhere.example>... Relaying denied\n"
            "6AK6XWSU000002: <nosuch@corp.example>... User unknown\n"
            "6AK6XWSU000002: from=<u@outside.example>, size=0, class=0, nrcpts=0, proto=ESMTP, "
            "daemon=MTA, relay=[192.0.2.33]");
}

TEST_F(ServerSessionTest, DeliversToEachMailboxOnce) {
  std::vector<std::string> lines = {"MAIL FROM:<u@outside.example>",
                                    "RCPT TO:<alice@corp.example>",
                                    "RCPT TO:<ALICE>",
                                    "RCPT TO:<alice+x@corp.example>",
                                    "RCPT TO:<bob>",
                                    "DATA"};
  lines.insert(lines.end(), kMessage.begin(), kMessage.end());
  EXPECT_EQ(Ask(lines),
            "250 2.1.0 <u@outside.example>... Sender ok\n"
            "250 2.1.5 <alice@corp.example>... Recipient ok\n"
            "250 2.1.5 <alice@corp.example>... Recipient ok\n"
            "250 2.1.5 <alice+x@corp.example>... Recipient ok\n"
            "250 2.1.5 <bob>... Recipient ok\n"
            "354 End data with <CR><LF>.<CR><LF>\n"
            "250 2.0.0 6AK6XWSU000001 Message accepted for delivery");
  const Envelope& envelope = queue_.committed.at(0)->envelope;
  ASSERT_EQ(envelope.recipients.size(), 2u);
  EXPECT_EQ(envelope.recipients[1].final_recipient, "RFC822; bob@mx1.corp.example");
  EXPECT_FALSE(absl::StrContains(envelope.header.at(1).value, "for <"));
}

TEST_F(ServerSessionTest, NamesNobodyInReceivedWhenAnUnknownUserWasTried) {
  std::vector<std::string> lines = {"MAIL FROM:<u@outside.example>", "RCPT TO:<alice@corp.example>",
                                    "RCPT TO:<nosuch@corp.example>", "DATA"};
  lines.insert(lines.end(), kMessage.begin(), kMessage.end());
  Ask(lines);
  EXPECT_TRUE(absl::EndsWith(queue_.committed.at(0)->envelope.header.at(1).value,
                             " with ESMTP id 6AK6XWSU000001;\n\tFri, 20 Nov 2026 06:33:32 GMT"));
}

TEST_F(ServerSessionTest, BoundsRecipients) {
  std::string input = "EHLO c.example\r\nMAIL FROM:<u@outside.example>\r\n";
  for (size_t i = 0; i <= kMaxRecipientsPerMessage; ++i) {
    absl::StrAppend(&input, "RCPT TO:<alice+", i, "@corp.example>\r\n");
  }
  client_.Send(input);
  EXPECT_TRUE(absl::EndsWith(Talk(), "\n452 4.5.3 Too many recipients"));
}

TEST_F(ServerSessionTest, ThrowsOutWhoSendsGarbage) {
  std::vector<std::string> lines;
  std::string expected;
  for (int i = 0; i < 25; ++i) {
    lines.push_back(absl::StrCat("BOGUS ", i));
    absl::StrAppend(&expected, "500 5.5.1 Command unrecognized: \"BOGUS ", i, "\"\n");
  }
  lines.insert(lines.end(), {"BOGUS 25", "BOGUS 26", "QUIT"});
  EXPECT_EQ(Talk(lines),
            expected + "421 4.7.0 mx1.corp.example Too many bad commands; closing connection");
  EXPECT_TRUE(client_.closed);
}

TEST_F(ServerSessionTest, IsNoProxy) {
  EXPECT_EQ(Talk({"GET / HTTP/1.0", "Host: x"}),
            "421 4.7.0 mx1.corp.example Rejecting open proxy [192.0.2.33]");
  EXPECT_TRUE(Logged("6AK6XWSU000001: [192.0.2.33]: probable open proxy: command=GET / HTTP/1.0"));
}

TEST_F(ServerSessionTest, OnlyTheFirstLineMakesAProxyRequest) {
  EXPECT_EQ(Ask({"GET / HTTP/1.0"}), "500 5.5.1 Command unrecognized: \"GET / HTTP/1.0\"");
}

TEST_F(ServerSessionTest, ThrowsOutWhoSendsEndlessLines) {
  client_.Send(absl::StrCat(std::string(3000, 'X'), "\r\nQUIT\r\n"));
  EXPECT_EQ(Talk(), "421 4.7.0 mx1.corp.example Command too long, possible attack [192.0.2.33]");
}

TEST_F(ServerSessionTest, RefusesBareLineEnds) {
  const struct {
    std::string raw;
    std::string reply, where;
  } kCases[] = {
      {"Subject: lf only\n\nline1\n.\n", "Bare linefeed (LF) not allowed", "header"},
      {"Subject: x\r\n\r\nline1\n.\r\nMAIL FROM:<smuggled@outside.example>\r\n.\r\n",
       "Bare linefeed (LF) not allowed", "body"},
      {"Subject: x\r\n\r\nline1\r\n.\nmore\r\n.\r\n", "Bare linefeed (LF) not allowed", "body"},
      {"Subject: x\r\n\r\nline1\rline2\r\n.\r\n", "Bare carriage return (CR) not allowed", "body"},
      {"Subject: x\r\r\n\r\r\n", "Bare carriage return (CR) not allowed", "header"},
  };
  for (const auto& c : kCases) {
    client_ = TestClient();
    world_.env().log().lines.clear();
    client_.Send("EHLO c.example\r\nMAIL FROM:<u@outside.example>\r\nRCPT TO:<alice>\r\nDATA\r\n");
    client_.Send(c.raw);
    client_.Send("NOOP\r\n");
    EXPECT_TRUE(absl::EndsWith(Talk(), absl::StrCat("354 End data with <CR><LF>.<CR><LF>\n421 "
                                                    "4.5.0 ",
                                                    c.reply)));
    EXPECT_TRUE(absl::StrContains(
        AllLogs(), absl::StrCat("collect: relay=[192.0.2.33], from=<u@outside.example>, info=",
                                c.reply, ", where=", c.where, ", status=tempfail")))
        << AllLogs();
  }
  EXPECT_EQ(queue_.abandoned, 5);
  EXPECT_TRUE(queue_.committed.empty());
}

TEST_F(ServerSessionTest, LimitsMessages) {
  settings_.max_message_bytes = 100;
  settings_.max_header_bytes = 60;
  settings_.max_hops = 3;
  const std::string body(100, 'x'), field = "X: " + std::string(58, 'y');
  std::vector<std::string> lines;
  for (const std::vector<std::string>& message : std::vector<std::vector<std::string>>{
           {"", body, "."},
           {field, "", "x", "."},
           {"Received: a", "Received: b", "Received: c", "", "x", "."}}) {
    const std::vector<std::string> transaction = Transaction(message);
    lines.insert(lines.end(), transaction.begin(), transaction.end());
  }
  lines.insert(lines.begin(), "EHLO c.example");
  const std::string replies = Talk(lines);
  for (const absl::string_view reply :
       {"\n552 5.2.3 Message exceeds maximum fixed size (100)\n",
        "\n552 5.6.0 Headers too large (60 max)\n", "\n554 5.4.6 Too many hops 4 (3 max)"}) {
    EXPECT_TRUE(absl::StrContains(replies, reply)) << reply;
  }
  EXPECT_TRUE(queue_.committed.empty());
  EXPECT_EQ(queue_.abandoned, 3);
}

TEST_F(ServerSessionTest, AcceptsNothingThatIsNotStored) {
  const struct {
    absl::Status create, append, commit;
    std::string reply;
  } kCases[] = {
      {absl::InternalError("disk"), {}, {}, "451 4.3.0 Cannot create queue file"},
      {{}, absl::InternalError("disk"), {}, "451 4.3.0 Cannot write queue file"},
      {{}, ErrnoStatus(Errno::kENOSPC, "write"), {}, "452 4.4.5 Out of disk space for temp file"},
      {{}, {}, absl::InternalError("disk"), "451 4.3.0 Cannot write queue file"},
  };
  for (const auto& c : kCases) {
    client_ = TestClient();
    queue_.create_error = c.create;
    queue_.append_error = c.append;
    queue_.commit_error = c.commit;
    std::vector<std::string> lines = {"EHLO c.example", "MAIL FROM:<u@outside.example>",
                                      "RCPT TO:<alice>", "DATA"};
    if (c.create.ok()) lines.insert(lines.end(), kMessage.begin(), kMessage.end());
    lines.push_back("RCPT TO:<alice>");
    EXPECT_TRUE(absl::EndsWith(Talk(lines),
                               absl::StrCat("\n", c.reply, "\n503 5.0.0 Need MAIL before RCPT")));
  }
  EXPECT_TRUE(accepted_.ids.empty());
  for (const std::string& event : world_.env().trace().events) {
    EXPECT_FALSE(absl::StartsWith(event, "3 ") || absl::StartsWith(event, "4 ")) << event;
  }
}

TEST_F(ServerSessionTest, TakesAnotherIdWhenOneIsTaken) {
  queue_.existing_ids = 1;
  EXPECT_TRUE(absl::EndsWith(Ask(Transaction(kMessage)),
                             "250 2.0.0 6AK6XWSU000002 Message accepted for delivery"));
}

TEST_F(ServerSessionTest, AnswersAPipelineInOneWrite) {
  Talk({"EHLO c.example", "MAIL FROM:<u@outside.example>", "RCPT TO:<alice>", "RSET", "QUIT"});
  EXPECT_EQ(client_.writes, 2);  // the greeting, and everything else
}

TEST_F(ServerSessionTest, ForgetsAMessageThatWasCutOff) {
  client_.Send("EHLO c.example\r\nMAIL FROM:<u@outside.example>\r\nRCPT TO:<alice>\r\nDATA\r\nx");
  Talk();
  EXPECT_EQ(queue_.abandoned, 1);
  EXPECT_TRUE(Logged("6AK6XWSU000001: collect: premature EOM: unexpected close"));
}

TEST_F(ServerSessionTest, TimesOut) {
  settings_.timeouts.command = absl::Minutes(5);
  client_.Send("NOOP\r\n");
  client_.closes = false;
  Start();
  EXPECT_FALSE(result_->has_value());
  world_.Pass(absl::Minutes(5));
  ASSERT_TRUE(result_->has_value());
  EXPECT_EQ(Replies(),
            "250 2.0.0 OK\n421 4.4.1 mx1.corp.example Lost input channel from [192.0.2.33]");
}

TEST_F(ServerSessionTest, TimesOutInsideAMessage) {
  settings_.timeouts.data_block = absl::Minutes(3);
  client_.Send("EHLO c.example\r\nMAIL FROM:<u@outside.example>\r\nRCPT TO:<alice>\r\nDATA\r\nx");
  client_.closes = false;
  Start();
  world_.Pass(absl::Minutes(3));
  ASSERT_TRUE(result_->has_value());
  EXPECT_TRUE(
      absl::EndsWith(Replies(), "\n451 4.4.1 timeout waiting for input during message collect"));
  EXPECT_EQ(queue_.abandoned, 1);
  EXPECT_TRUE(client_.closed);
}

TEST_F(ServerSessionTest, GivesUpOnADeafClient) {
  client_.Send("NOOP\r\n");
  client_.deaf = true;
  Start();
  world_.Pass(absl::Minutes(6));
  EXPECT_TRUE(result_->has_value());
  EXPECT_TRUE(client_.closed);
}

// A scope with one session in it, asked to stop after a minute.
Task<absl::Status> StopAfterAMinute(SessionContext context, TestClient& client) {
  TaskScope scope(co_await CurrentContext(), "sessions", TaskScope::Policy::kSupervise, 1);
  const absl::Status spawned = scope.Spawn(
      &RunServerSession, context, std::unique_ptr<Connection>(new MemoryConnection(client)), 1);
  EXPECT_TRUE(spawned.ok());
  EXPECT_TRUE((co_await Sleep(absl::Minutes(1))).ok());
  scope.RequestStop();
  co_return co_await scope.Join();
}

TEST_F(ServerSessionTest, StopsAtOnceWhenIdle) {
  client_.Send("NOOP\r\n");
  client_.closes = false;
  const SessionContext context{world_.env(), settings_, acceptance_, queue_, accepted_};
  auto result = world_.Run(&StopAfterAMinute, context, std::ref(client_));
  world_.Pass(absl::Minutes(1));
  ASSERT_TRUE(result->has_value());
  EXPECT_EQ(Replies(), "250 2.0.0 OK\n421 4.3.2 mx1.corp.example closing connection");
}

TEST_F(ServerSessionTest, StopsInsideAMessageAfterItsGrace) {
  client_.Send("EHLO c.example\r\nMAIL FROM:<u@outside.example>\r\nRCPT TO:<alice>\r\nDATA\r\nx");
  client_.closes = false;
  const SessionContext context{world_.env(), settings_, acceptance_, queue_, accepted_};
  auto result = world_.Run(&StopAfterAMinute, context, std::ref(client_));
  world_.Pass(absl::Minutes(1) + kShutdownGrace - absl::Seconds(1));
  EXPECT_FALSE(result->has_value());
  world_.Pass(absl::Seconds(2));
  ASSERT_TRUE(result->has_value());
  EXPECT_TRUE(absl::EndsWith(Replies(), "\n421 4.3.2 mx1.corp.example closing connection"));
}

}  // namespace
}  // namespace stagepost
