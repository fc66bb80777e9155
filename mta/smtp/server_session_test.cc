// What is said in sessions, and what becomes of messages.
#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/smtp/server_session_test_util.h"

namespace stagepost {
namespace {

constexpr absl::string_view kAccepted =
    "250 2.1.0 <u@outside.example>... Sender ok\n"
    "250 2.1.5 <alice@corp.example>... Recipient ok\n"
    "354 End data with <CR><LF>.<CR><LF>\n"
    "250 2.0.0 6AK6XWSU000001 Message accepted for delivery";

TEST_F(ServerSessionTest, AcceptsAMessage) {
  EXPECT_EQ(Ask(Transaction(Message())), kAccepted);
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
    const std::string replies = Ask(Transaction(Message()));
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
  const std::vector<std::string> message = Message();
  lines.insert(lines.end(), message.begin(), message.end());
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
  const std::vector<std::string> message = Message();
  lines.insert(lines.end(), message.begin(), message.end());
  Ask(lines);
  EXPECT_TRUE(absl::EndsWith(queue_.committed.at(0)->envelope.header.at(1).value,
                             " with ESMTP id 6AK6XWSU000001;\n\tFri, 20 Nov 2026 06:33:32 GMT"));
}

}  // namespace
}  // namespace stagepost
