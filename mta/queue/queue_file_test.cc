#include "mta/queue/queue_file.h"

#include <iterator>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/queue/queue_id.h"
#include "mta/queue/recorded_queue_files.h"

namespace stagepost {
namespace {

absl::string_view Recorded(absl::string_view name) {
  for (const RecordedQueueFile& file : kRecordedQueueFiles) {
    if (file.name == name) return file.text;
  }
  ADD_FAILURE() << name;
  return "";
}

constexpr absl::string_view kSmall =
    "V8\nT1795156290\nK0\nN0\nP30368\nFbs\nS<u@outside.example>\nrRFC822; alice@corp.example\n"
    "RPFD:<alice@corp.example>\nH?P?Return-Path: <\x81g>\nH??Subject: x\n.\n";

std::string ErrorOf(absl::string_view text) {
  const absl::StatusOr<Envelope> envelope = ParseQueueFile("./qfX", text);
  if (envelope.ok()) return "no error";
  EXPECT_TRUE(absl::IsDataLoss(envelope.status()));
  return std::string(envelope.status().message());
}

// kSmall with one line put in front of line `number` (from 1).
std::string WithLine(int number, absl::string_view line) {
  std::string text(kSmall);
  size_t at = 0;
  for (int i = 1; i < number; ++i) at = text.find('\n', at) + 1;
  return text.insert(at, absl::StrCat(line, "\n"));
}

TEST(QueueFile, SendmailsFilesComeBackByteForByte) {
  EXPECT_GE(std::size(kRecordedQueueFiles), 13u);
  for (const RecordedQueueFile& file : kRecordedQueueFiles) {
    const absl::StatusOr<Envelope> envelope = ParseQueueFile(file.name, file.text);
    ASSERT_TRUE(envelope.ok()) << envelope.status();
    const absl::StatusOr<std::string> written = FormatQueueFile(*envelope);
    ASSERT_TRUE(written.ok()) << written.status();
    EXPECT_EQ(*written, file.text) << file.name;
  }
}

TEST(QueueFile, IsUnderstood) {
  const absl::StatusOr<Envelope> e =
      ParseQueueFile("qf", Recorded("qf6AK6VUQr000217.temporary_failure"));
  ASSERT_TRUE(e.ok());
  EXPECT_EQ(absl::ToUnixSeconds(e->created), 1795156290);
  EXPECT_EQ(absl::ToUnixSeconds(e->last_attempt), 1795156290);
  EXPECT_EQ(e->attempts, 1);
  EXPECT_EQ(e->priority, 60368);
  EXPECT_EQ(e->data_file, (DataFileId{160, 445}));
  EXPECT_EQ(e->message, "Deferred: 451 4.7.1 Greylisted, try again");
  EXPECT_EQ(e->sender, "alice@corp.example");
  EXPECT_EQ(e->macros.at("_"), "desk3.corp.example [10.1.2.3]");
  EXPECT_EQ(e->macros.at("if_addr"), "10.0.0.1");
  ASSERT_EQ(e->recipients.size(), 1u);
  EXPECT_EQ(e->recipients[0].address, "x@outside.example");
  EXPECT_EQ(e->recipients[0].status, "Deferred: 451 4.7.1 Greylisted, try again");
  EXPECT_EQ(e->recipients[0].final_recipient, "RFC822; x@outside.example");
  ASSERT_EQ(e->header.size(), 8u);
  EXPECT_EQ(e->header[0].mailer_flags, "P");
  EXPECT_EQ(e->header[0].value, " <\x81g>");
  EXPECT_EQ(e->header[1].name, "Received");
  EXPECT_TRUE(absl::StrContains(e->header[1].value, ";\n\tFri"));
}

TEST(QueueFile, ControllingUserHoldsForThoseThatFollow) {
  const std::string text =
      "V8\nT1\nK0\nN0\nP1\nF\nS<>\nCalice:1:1:<a@b>\nRPFDA:\"|x\"\nRPFD:\"|y\"\nC\nRPFD:<c@d>\n.\n";
  const absl::StatusOr<Envelope> e = ParseQueueFile("qf", text);
  ASSERT_TRUE(e.ok()) << e.status();
  EXPECT_EQ(e->recipients[0].controlling_user, "alice:1:1:<a@b>");
  EXPECT_EQ(e->recipients[1].controlling_user, "alice:1:1:<a@b>");
  EXPECT_EQ(e->recipients[2].controlling_user, "");
  EXPECT_EQ(*FormatQueueFile(*e), text);
}

TEST(QueueFile, KeepsLargeDeviceNumbers) {
  const std::string text = "V8\nT1\nK0\nN0\nP-1\nI259/1048577/9007199254740993\nF8\nS<>\n.\n";
  const absl::StatusOr<Envelope> e = ParseQueueFile("qf", text);
  ASSERT_TRUE(e.ok()) << e.status();
  EXPECT_TRUE(e->eight_bit);
  EXPECT_EQ(*FormatQueueFile(*e), text);
}

std::string BadLine(int number, absl::string_view line, absl::string_view why) {
  return absl::StrCat("readqf: ./qfX: line ", number, ": bad line \"", line, "\"", why);
}

TEST(QueueFile, ErrorsAreInSendmailsWords) {
  EXPECT_EQ(ErrorOf(kSmall), "no error");
  const std::string incomplete = "readqf: ./qfX: incomplete queue file read";
  EXPECT_EQ(ErrorOf(""), incomplete);
  EXPECT_EQ(ErrorOf(kSmall.substr(0, kSmall.size() - 2)), incomplete);
  EXPECT_EQ(ErrorOf(kSmall.substr(0, kSmall.size() - 1)), incomplete);
  EXPECT_EQ(ErrorOf("V8\nT1\n.\n"), incomplete);
  EXPECT_EQ(ErrorOf(absl::StrCat(kSmall, "x y\nz\n")),
            "SECURITY ALERT: extra or bogus data in queue file: x y");
  EXPECT_EQ(ErrorOf(WithLine(4, "xunknown")), BadLine(4, "xunknown", ""));
  EXPECT_EQ(ErrorOf(WithLine(11, "H??a: b\n c\nx")), BadLine(13, "x", ""));
  EXPECT_EQ(ErrorOf(WithLine(4, "")), BadLine(4, "", ""));
  EXPECT_EQ(ErrorOf("V9\nT1\nS<>\n.\n"), "Version number in queue file (9) greater than max (8)");
  EXPECT_EQ(ErrorOf(WithLine(1, "T1")), BadLine(2, "V8", " (not the first line)"));
  EXPECT_EQ(ErrorOf(WithLine(3, "T1")), BadLine(3, "T1", " (second line of its kind)"));
  EXPECT_EQ(ErrorOf(WithLine(4, "!R+300")), BadLine(4, "!R+300", " (not a mode and a time)"));
  EXPECT_EQ(ErrorOf(WithLine(4, "!\x03 300")), BadLine(4, "!\x03 300", " (unknown mode)"));
  EXPECT_EQ(ErrorOf(WithLine(4, "!\x01 x")), BadLine(4, "!\x01 x", " (no time)"));
  EXPECT_EQ(ErrorOf(WithLine(9, "RPPD:<b@c>")),
            BadLine(9, "RPPD:<b@c>", " (unknown recipient flag)"));
  EXPECT_EQ(ErrorOf(WithLine(9, "Rb@c")),
            BadLine(9, "Rb@c", " (no flags in front of the recipient)"));
  EXPECT_EQ(ErrorOf(WithLine(12, "MDeferred")), incomplete);
  EXPECT_EQ(ErrorOf(WithLine(11, "H??no colon")),
            BadLine(11, "H??no colon", " (header field without a colon)"));
  EXPECT_EQ(ErrorOf(WithLine(4, "I1/2")), BadLine(4, "I1/2", " (not MAJOR/MINOR/INODE)"));
  EXPECT_EQ(ErrorOf("V8\nT+1\nS<>\n.\n"), BadLine(2, "T+1", " (not a number)"));
  EXPECT_EQ(ErrorOf("V8\nT9999999999999999999\nS<>\n.\n"),
            BadLine(2, "T9999999999999999999", " (not a number)"));
}

TEST(QueueFile, ErrorsSayWhetherTheFileIsToBeSetAside) {
  EXPECT_EQ(LosingReason(ParseQueueFile("qf", "V8\n").status()), "");
  EXPECT_EQ(LosingReason(ParseQueueFile("qf", "V9\n").status()), "unsupported queue file version");
  EXPECT_EQ(LosingReason(ParseQueueFile("qf", "V8\nx\n").status()), "unrecognized line");
  EXPECT_EQ(LosingReason(ParseQueueFile("qf", absl::StrCat(kSmall, ".\n")).status()),
            "bogus queue line");
}

TEST(QueueFile, ReadsDeliverBy) {
  const absl::StatusOr<Envelope> by_notify =
      ParseQueueFile("qf", Recorded("qf6AKDphSr000077.deliver_by_notify"));
  ASSERT_TRUE(by_notify.ok()) << by_notify.status();
  EXPECT_EQ(by_notify->deliver_by, (DeliverBy{DeliverBy::Mode::kNotify, true, -20}));
  const absl::StatusOr<Envelope> by_return =
      ParseQueueFile("qf", Recorded("qf6AKDpheH000074.deliver_by_return"));
  ASSERT_TRUE(by_return.ok()) << by_return.status();
  EXPECT_EQ(by_return->deliver_by, (DeliverBy{DeliverBy::Mode::kReturn, false, 3600}));
  EXPECT_TRUE(by_return->seven_bit);
}

TEST(QueueFile, ReadsOwnerListsAndConditionalFields) {
  const absl::StatusOr<Envelope> e = ParseQueueFile("qf", Recorded("qf6AKDphP9000084.owner_list"));
  ASSERT_TRUE(e.ok()) << e.status();
  EXPECT_EQ(e->sender, "alice");
  ASSERT_EQ(e->recipients.size(), 5u);
  int programs = 0;
  for (const Recipient& recipient : e->recipients) {
    EXPECT_EQ(recipient.flags, "PFDA");
    EXPECT_TRUE(absl::EndsWith(recipient.controlling_user, ":<list@corp.example>"));
    if (absl::StrContains(recipient.address, "|/bin/tf")) ++programs;
  }
  EXPECT_EQ(programs, 2);
  EXPECT_EQ(e->header[0].mailer_flags, "${MyMac}");
  EXPECT_EQ(e->header[1].mailer_flags, "Fm");
}

TEST(QueueFile, ReadsAQuarantineReason) {
  const absl::StatusOr<Envelope> e = ParseQueueFile("hf", Recorded("hf6AKDphh3000091.quarantined"));
  ASSERT_TRUE(e.ok()) << e.status();
  EXPECT_EQ(e->quarantine, "bad word");
}

TEST(QueueFile, ReadsOlderVersions) {
  const absl::StatusOr<Envelope> e = ParseQueueFile(
      "qf", "T711358135\nP2100941\nDdfAA1\nEerrors@h\nL20\nSeric\nReric@h\nHTo: x\n.\n");
  ASSERT_TRUE(e.ok()) << e.status();
  EXPECT_EQ(e->recipients[0].address, "eric@h");
  EXPECT_EQ(*FormatQueueFile(*e),
            "V8\nT711358135\nK0\nN0\nP2100941\nF\nSeric\nRPFD:eric@h\nH??To: x\n.\n");
}

TEST(QueueFile, EveryTruncationIsAnError) {
  for (size_t length = 0; length < kSmall.size(); ++length) {
    EXPECT_FALSE(ParseQueueFile("qf", kSmall.substr(0, length)).ok()) << length;
  }
}

TEST(QueueFile, BoundsWhatItReads) {
  std::string text = "V8\nT1\nS<>\n";
  for (size_t i = 0; i <= kMaxQueuedHeaderFields; ++i) text += "H??a: b\n";
  EXPECT_TRUE(absl::EndsWith(ErrorOf(text + ".\n"), "(too many header fields)"));
  text = absl::StrCat("V8\nT1\nS<>\nH??a: ", std::string(kMaxQueuedHeaderBytes, 'x'), "\n.\n");
  EXPECT_TRUE(absl::EndsWith(ErrorOf(text), "(header too large)"));
  EXPECT_TRUE(absl::EndsWith(ErrorOf(std::string(kMaxQueueFileBytes + 1, 'V')), "too large"));
}

TEST(QueueFile, WritesNothingThatItWouldNotRead) {
  const Envelope good = *ParseQueueFile("qf", kSmall);
  Envelope bad = good;
  bad.sender = "a\nRPFD:<root@corp.example>";
  EXPECT_TRUE(absl::IsInvalidArgument(FormatQueueFile(bad).status()));
  bad = good;
  bad.recipients[0].status = absl::StrCat("x", absl::string_view("\0", 1));
  EXPECT_TRUE(absl::IsInvalidArgument(FormatQueueFile(bad).status()));
  bad = good;
  bad.header[1].value = " x\n.";
  EXPECT_TRUE(absl::IsInvalidArgument(FormatQueueFile(bad).status()));
  bad.header[1].value = " x\n";
  EXPECT_TRUE(absl::IsInvalidArgument(FormatQueueFile(bad).status()));
  bad.header[1].value = " x\n y";
  EXPECT_TRUE(FormatQueueFile(bad).ok());
  bad.header[1].name = "";
  EXPECT_TRUE(absl::IsInvalidArgument(FormatQueueFile(bad).status()));
  bad = good;
  bad.macros["daemon flags"] = "";
  EXPECT_TRUE(absl::IsInvalidArgument(FormatQueueFile(bad).status()));
  bad = good;
  bad.created = absl::InfiniteFuture();
  EXPECT_TRUE(absl::IsInvalidArgument(FormatQueueFile(bad).status()));
  bad = good;
  bad.header[1].value = std::string(kMaxQueuedHeaderBytes, 'x');
  EXPECT_TRUE(absl::IsResourceExhausted(FormatQueueFile(bad).status()));
  bad = good;
  bad.recipients.resize(kMaxQueuedRecipients + 1, good.recipients[0]);
  EXPECT_TRUE(absl::IsResourceExhausted(FormatQueueFile(bad).status()));
  bad.recipients.pop_back();
  EXPECT_TRUE(FormatQueueFile(bad).ok());
  const size_t bytes = FormatQueueFile(good)->size();
  EXPECT_TRUE(FormatQueueFile(good, bytes).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(FormatQueueFile(good, bytes - 1).status()));
}

TEST(QueueOrder, IsFoundInTheFirstBytes) {
  const std::optional<QueueOrder> order = FindQueueOrder(kSmall.substr(0, 40));
  ASSERT_TRUE(order.has_value());
  EXPECT_EQ(order->priority, 30368);
  EXPECT_EQ(order->created, 1795156290);
  EXPECT_FALSE(FindQueueOrder("").has_value());
  EXPECT_FALSE(FindQueueOrder("V8\n\nT1\nP2\n").has_value());
  EXPECT_FALSE(FindQueueOrder("V8\nTx\nPy\n").has_value());
}

TEST(QueueId, IsSendmails) {
  QueueIdSource ids(ProcessId{517}, 28 * 60 + 30);
  absl::Time time;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, "2026-11-20T06:33:32Z", &time, nullptr));
  EXPECT_EQ(ids.Next(time), "6AK6XWSU000517");
  EXPECT_EQ(ids.Next(time), "6AK6XWSV000517");
  EXPECT_EQ(ids.Next(time + absl::Seconds(1)), "6AK6XXSW000517");
}

TEST(QueueId, NeverComesTwice) {
  QueueIdSource ids(ProcessId{1234567}, 3599);
  std::set<std::string> seen;
  const absl::Time now = absl::FromUnixSeconds(1795156412);
  for (int i = 0; i < 10'000; ++i) {
    // The clock goes back now and then.
    const std::string id = ids.Next(now - absl::Seconds(i % 7));
    EXPECT_TRUE(seen.insert(id).second) << id;
    EXPECT_TRUE(IsQueueId(id)) << id;
  }
}

TEST(QueueId, IsTold) {
  EXPECT_TRUE(IsQueueId("6AK6XWSU000517"));
  EXPECT_TRUE(IsQueueId("6AK6XWSU4194304"));
  EXPECT_FALSE(IsQueueId(""));
  EXPECT_FALSE(IsQueueId("6AK6XWSU"));
  EXPECT_FALSE(IsQueueId("../../../../etc"));
  EXPECT_FALSE(IsQueueId("6AK6XWSU0005-7"));
  EXPECT_FALSE(IsQueueId("zzzzzzzz000517"));
}

}  // namespace
}  // namespace stagepost
