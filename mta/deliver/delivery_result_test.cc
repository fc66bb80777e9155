#include "mta/deliver/delivery_result.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/base/sysexits.h"
#include "mta/deliver/delivery_log.h"

namespace stagepost {
namespace {

using Kind = DeliveryResult::Kind;

std::string Exit(int code) {
  const DeliveryResult result = ResultOfExitCode(code, "prog", "/bin/sh");
  const char kind = result.kind == Kind::kSent ? '+' : result.kind == Kind::kFailed ? '-' : '~';
  return absl::StrCat(std::string(1, kind), result.dsn, " ", result.stat);
}

TEST(DeliveryResult, SaysWhatExitCodesMean) {
  EXPECT_EQ(Exit(0), "+2.0.0 Sent");
  EXPECT_EQ(Exit(64), "-5.0.0 Command line usage error");
  EXPECT_EQ(Exit(65), "-5.6.0 Data format error");
  EXPECT_EQ(Exit(66), "-5.3.0 Cannot open input");
  EXPECT_EQ(Exit(67), "-5.1.1 User unknown");
  EXPECT_EQ(Exit(68), "-5.1.2 Host unknown");
  EXPECT_EQ(Exit(69), "-5.0.0 Service unavailable");
  EXPECT_EQ(Exit(70), "-5.3.0 Internal error");
  EXPECT_EQ(Exit(71), "~4.0.0 Operating system error");
  EXPECT_EQ(Exit(72), "-5.3.5 System file missing");
  EXPECT_EQ(Exit(73), "-5.0.0 Can't create output");
  EXPECT_EQ(Exit(74), "~4.0.0 I/O error");
  EXPECT_EQ(Exit(75), "~4.0.0 Deferred: prog mailer (/bin/sh) exited with EX_TEMPFAIL");
  EXPECT_EQ(Exit(76), "-5.5.0 Remote protocol error");
  EXPECT_EQ(Exit(77), "-5.0.0 Insufficient permission");
  EXPECT_EQ(Exit(78), "-5.3.5 Local configuration error");
  EXPECT_EQ(Exit(3), "-5.3.0 unknown mailer error 3");
  EXPECT_EQ(Exit(127), "-5.3.0 unknown mailer error 127");
}

TEST(DeliveryResult, TriesAgainAfterASignal) {
  const DeliveryResult result =
      ResultOfExit({.code = 0, .killed_by = Signal::kKill}, "prog", "/bin/sh");
  EXPECT_EQ(result.kind, Kind::kDeferred);
  EXPECT_EQ(result.stat, "Deferred: mailer prog died with signal 9");
}

std::string Reply(ReplyStage stage, absl::string_view line, bool lmtp = true,
                  bool enhanced = true) {
  ServerReplyParser parser;
  EXPECT_EQ(parser.Take(line), ServerReplyParser::State::kDone);
  const DeliveryResult result =
      ResultOfReply(parser.reply(), {.stage = stage, .lmtp = lmtp, .enhanced = enhanced});
  return absl::StrCat("dsn=", result.dsn, ", reply=", result.reply, ", stat=", result.stat);
}

TEST(DeliveryResult, SaysWhatRepliesMean) {
  using enum ReplyStage;
  EXPECT_EQ(Reply(kMessage, "250 2.1.5 alice Ok"), "dsn=2.1.5, reply=, stat=Sent");
  EXPECT_EQ(Reply(kMessage, "250 fine"), "dsn=2.0.0, reply=, stat=Sent");
  EXPECT_EQ(Reply(kRecipient, "550 5.1.1 User unknown"),
            "dsn=5.1.1, reply=550 5.1.1 User unknown, stat=User unknown");
  EXPECT_EQ(Reply(kRecipient, "552 mailbox full"),
            "dsn=5.2.2, reply=552 mailbox full, stat=Service unavailable");
  EXPECT_EQ(Reply(kRecipient, "450 4.2.2 rcpt later"),
            "dsn=4.2.2, reply=450 4.2.2 rcpt later, stat=Deferred: 450 4.2.2 rcpt later");
  EXPECT_EQ(Reply(kMessage, "550 5.2.1 no no"),
            "dsn=5.2.1, reply=550 5.2.1 no no, stat=Service unavailable (no no)");
  EXPECT_EQ(Reply(kMail, "550 5.7.1 bad sender"),
            "dsn=5.7.1, reply=550 5.7.1 bad sender, stat=Service unavailable");
  EXPECT_EQ(Reply(kMail, "553 5.1.8 bad sender"),
            "dsn=5.1.8, reply=553 5.1.8 bad sender, stat=Data format error");
  EXPECT_EQ(Reply(kData, "451 4.3.0 not now"),
            "dsn=4.2.0, reply=75, stat=Deferred: 451 4.3.0 not now");
  EXPECT_EQ(Reply(kData, "554 5.6.0 never"), "dsn=5.5.0, reply=69, stat=Service unavailable");
}

TEST(DeliveryResult, SaysWhatRepliesToSmtpMean) {
  using enum ReplyStage;
  const auto plain = [](ReplyStage stage, absl::string_view line) {
    return Reply(stage, line, false, false);
  };
  EXPECT_EQ(plain(kMessage, "250 2.0.0 accepted"), "dsn=2.0.0, reply=, stat=Sent (2.0.0 accepted)");
  EXPECT_EQ(plain(kGreeting, "554 5.3.2 go away"),
            "dsn=5.5.0, reply=554 5.3.2 go away, stat=Service unavailable");
  EXPECT_EQ(plain(kHello, "450 because"),
            "dsn=4.5.0, reply=450 because, stat=Deferred: 450 because");
  EXPECT_EQ(plain(kMail, "552 5.1.1 because"),
            "dsn=5.3.4, reply=552 5.1.1 because, stat=Service unavailable");
  EXPECT_EQ(plain(kMail, "550 because"), "dsn=5.0.0, reply=550 because, stat=Service unavailable");
  EXPECT_EQ(plain(kRecipient, "451 4.7.1 later"),
            "dsn=4.3.0, reply=451 4.7.1 later, stat=Deferred: 451 4.7.1 later");
  EXPECT_EQ(plain(kRecipient, "553 5.7.1 no"), "dsn=5.1.3, reply=553 5.7.1 no, stat=User unknown");
  EXPECT_EQ(plain(kData, "550 5.7.1 no"),
            "dsn=5.0.0, reply=550 5.7.1 no, stat=Service unavailable");
  EXPECT_EQ(plain(kMessage, "550 no"), "dsn=5.2.0, reply=550 no, stat=Service unavailable");
  EXPECT_EQ(plain(kMessage, "571 no"), "dsn=5.0.0, reply=571 no, stat=Remote protocol error");
  EXPECT_EQ(Reply(kMessage, "553 5.7.9 no", false, true),
            "dsn=5.7.9, reply=553 5.7.9 no, stat=Service unavailable");
}

TEST(DeliveryResult, HasOneLineForTranscripts) {
  EXPECT_EQ(OutcomeLine(ResultOfExitCode(67, "", ""), "<x@y.example>"),
            "550 5.1.1 <x@y.example>... User unknown");
  EXPECT_EQ(OutcomeLine(ResultOfExitCode(69, "", ""), "<x@y.example>"),
            "554 5.0.0 Service unavailable");
  EXPECT_EQ(OutcomeLine(Deferred("4.4.1", "later\n"), "<a@b>,<c@d>"),
            "<a@b>,<c@d>... Deferred: later?");
  EXPECT_EQ(OutcomeLine(ResultOfExitCode(3, "", ""), "x"), "554 5.3.0 unknown mailer error 3");
}

TEST(DeliveryResult, MakesOneLineOfEverything) {
  EXPECT_EQ(Deferred("4.0.0", "a\nb\r").stat, "Deferred: a?b?");
}

DeliveryLogEntry Entry() {
  DeliveryLogEntry entry;
  entry.id = "6AK6XIUL000080";
  entry.delay = absl::Seconds(65);
  entry.mailer = "prog";
  entry.priority = 30370;
  entry.dsn = "2.0.0";
  entry.stat = "Sent";
  return entry;
}

TEST(DeliveryLog, SaysWhatIsKnown) {
  DeliveryLogEntry entry = Entry();
  entry.recipients = {"\"|/bin/cat\"", "\\alice"};
  entry.controller = "<x@corp.example> (1/0)";
  entry.xdelay = absl::Seconds(1);
  const std::vector<std::string> lines = DeliveryLogLines(entry);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0],
            "6AK6XIUL000080: to=\"|/bin/cat\",\\\\alice, ctladdr=<x@corp.example> (1/0), "
            "delay=00:01:05, xdelay=00:00:01, mailer=prog, pri=30370, dsn=2.0.0, stat=Sent");
  entry = Entry();
  entry.recipients = {"<x@hold.example>"};
  entry.dsn.clear();
  entry.stat = "queued";
  EXPECT_EQ(DeliveryLogLines(entry)[0],
            "6AK6XIUL000080: to=<x@hold.example>, delay=00:01:05, mailer=prog, pri=30370, "
            "stat=queued");
}

TEST(DeliveryLog, MakesSeveralLinesOfManyRecipients) {
  DeliveryLogEntry entry = Entry();
  entry.delay = absl::ZeroDuration();
  entry.xdelay = absl::ZeroDuration();
  entry.mailer = "arg1";
  entry.priority = 1800366;
  entry.relay = "arg1host";
  for (int i = 100; i < 160; ++i) {
    entry.recipients.push_back(absl::StrCat("user", i, ".with.a.long.name@arg1.example"));
  }
  const std::vector<std::string> lines = DeliveryLogLines(entry);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_NE(lines[0].find("user120.with.a.long.name@arg1.example, [more], delay="),
            std::string::npos);
  EXPECT_NE(lines[1].find(": to=user121."), std::string::npos);
  EXPECT_NE(lines[2].find("user159.with.a.long.name@arg1.example, delay="), std::string::npos);
}

TEST(DeliveryLog, HasALimitForOneRecipient) {
  DeliveryLogEntry entry = Entry();
  entry.recipients = {std::string(5000, 'x')};
  const std::vector<std::string> lines = DeliveryLogLines(entry);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_LT(lines[0].size(), 500u);
}

TEST(DeliveryLog, WritesDaysInFront) {
  EXPECT_EQ(FormatDelay(absl::Hours(51)), "2+03:00:00");
  EXPECT_EQ(FormatDelay(-absl::Hours(1)), "00:00:00");
}

}  // namespace
}  // namespace stagepost
