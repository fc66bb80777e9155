#include "sim/check/expectations.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/peer/sink.h"
#include "sim/scenario/scenario_test_util.h"

namespace stagepost {
namespace {

using ::testing::HasSubstr;

constexpr char kHosts[] = R"(
  host { name: "mx" address: "192.0.2.25" mta { local: "corp.example" }
         user { name: "alice" } user { name: "bob" } }
  host { name: "sink" address: "192.0.2.33" sink { domain: "elsewhere.example" } })";

constexpr char kTwoMessages[] =
    "From u@x Fri Nov 20 06:33:32 2026\nSubject: one\n\nfirst\n\n"
    "From v@x Fri Nov 20 06:33:33 2026\nSubject: two\n\nsecond\n\n";

class ExpectationsTest : public testing::Test {
 protected:
  ExpectationsTest() : checked(kHosts), records(checked.loaded.scenario, checked.world) {
    DiskEditor mx = checked.host("mx").editor();
    EXPECT_TRUE(
        mx.WriteFile("/var/mail/alice", kTwoMessages, {UserId{1000}, GroupId{1000}, 0600}).ok());
    EXPECT_TRUE(mx.WriteFile("/var/spool/mqueue/qfA", "").ok());
    EXPECT_TRUE(mx.WriteFile("/var/spool/mqueue/dfA", "").ok());
    EXPECT_TRUE(mx.WriteFile("/tmp/locked", "text", {UserId{0}, GroupId{8}, 0}).ok());
    DiskEditor sink = checked.host("sink").editor();
    EXPECT_TRUE(sink.WriteFile("/var/sink/000001", "MAIL FROM:<a>\n\nhello\r\n").ok());
    EXPECT_TRUE(sink.WriteFile("/var/sink/.000002", "not yet").ok());
    checked.host("mx").AppendLog(
        {absl::UnixEpoch(), "sm-mta", 7, Severity::kInfo, "one: stat=Sent"});
    checked.host("mx").AppendLog(
        {absl::UnixEpoch(), "sm-mta", 7, Severity::kInfo, "two: dsn=4.0.0"});
    checked.Pretend("mx", kSendmailPath);
  }

  // Empty if it holds.
  std::string Unmet(absl::string_view expect) {
    const LoadedScenario loaded =
        ScenarioWorld::Load(kHosts, absl::StrCat("expect { ", expect, " }"));
    const size_t events = checked.trace.size();
    const Hash128 hash = checked.trace.hash();
    const std::string unmet =
        CheckExpectation(loaded.scenario.expect(0), checked.world, records, patterns).value_or("");
    EXPECT_EQ(checked.trace.size(), events) << "looking leaves traces";
    EXPECT_EQ(checked.trace.hash(), hash);
    EXPECT_EQ(unmet.find('\n'), unmet.npos);
    return unmet;
  }

  ScenarioWorld checked;
  SinkRecords records;
  PatternCache patterns;
};

#define EXPECT_HOLDS(expect) EXPECT_EQ(Unmet(expect), "")
#define EXPECT_UNMET(expect, text) EXPECT_THAT(Unmet(expect), HasSubstr(text))

TEST_F(ExpectationsTest, Mailbox) {
  EXPECT_HOLDS(R"(mailbox { host: "mx" user: "alice" messages: 2 mode: "600" owner: "alice" })");
  EXPECT_HOLDS(R"(mailbox { host: "mx" user: "alice" mode: "0600" owner: "1000" })");
  EXPECT_HOLDS(R"(mailbox { host: "mx" user: "alice" at_least: 2 at_most: 2 })");
  EXPECT_HOLDS(R"(mailbox { host: "mx" user: "alice" contains: "first\n" contains: "second" })");
  EXPECT_HOLDS(R"(mailbox { host: "mx" user: "alice" matches: "(?m)^Subject: t.o$" })");
  EXPECT_HOLDS(R"(mailbox { host: "mx" user: "bob" messages: 0 })");
  EXPECT_UNMET(R"(mailbox { host: "mx" user: "alice" messages: 1 })", "there are 2");
  EXPECT_UNMET(R"(mailbox { host: "mx" user: "alice" at_least: 3 })", "at least 3");
  EXPECT_UNMET(R"(mailbox { host: "mx" user: "alice" at_most: 1 })", "at most 1");
  EXPECT_UNMET(R"(mailbox { host: "mx" user: "alice" contains: "first" contains: "third" })",
               "does not contain \"third\"");
  EXPECT_UNMET(R"(mailbox { host: "mx" user: "alice" matches: "^Subject" })", "does not match");
  EXPECT_UNMET(R"(mailbox { host: "mx" user: "alice" mode: "644" })", "has mode 600");
  EXPECT_UNMET(R"(mailbox { host: "mx" user: "alice" owner: "bob" })", "belongs to user 1000");
  EXPECT_UNMET(R"(mailbox { host: "mx" user: "bob" mode: "600" })", "No such file");
}

TEST_F(ExpectationsTest, Queue) {
  EXPECT_HOLDS(R"(queue { host: "mx" messages: 1 })");
  EXPECT_UNMET(R"(queue { host: "mx" messages: 0 })", "there are 1");
  ASSERT_TRUE(checked.host("mx").editor().RemoveAll("/var/spool/mqueue").ok());
  EXPECT_HOLDS(R"(queue { host: "mx" messages: 0 })");
}

TEST_F(ExpectationsTest, Sink) {
  EXPECT_HOLDS(R"(sink { host: "sink" messages: 1 contains: "hello" contains: "MAIL FROM" })");
  EXPECT_UNMET(R"(sink { host: "sink" messages: 2 })", "there are 1");
  EXPECT_UNMET(R"(sink { host: "sink" contains: "not yet" })", "does not contain");
}

TEST_F(ExpectationsTest, SinkMailByWhatItIs) {
  ASSERT_TRUE(checked.host("sink")
                  .editor()
                  .WriteFile("/var/sink/000007",
                             "MAIL From:<a@b> SIZE=50 BODY=8BITMIME\nRCPT To:<x@s> NOTIFY=NEVER\n"
                             "RCPT To:<y@s>\n\nReceived: from c\r\n\tby mx id Q1; now\r\n"
                             "Subject: hello\r\n\r\nOne.\r\nTwo.\r\n")
                  .ok());
  EXPECT_HOLDS(R"(sink { host: "sink" messages: 2 })");
  EXPECT_HOLDS(R"(sink { host: "sink" messages: 1 mail: "<a@b> SIZE=\\d+ BODY=8BITMIME$"
                         rcpt: "<x@s> NOTIFY=NEVER$" rcpt: "<y@s>$" recipients: 2
                         header: "^Received: from c by mx id Q1; now$" no_header: "^Bcc:"
                         body: "^One\\.\nTwo\\.\n$" })");
  EXPECT_HOLDS(R"(sink { host: "sink" mail: "SIZE" })");
  EXPECT_HOLDS(R"(sink { host: "sink" mail: "AUTH" messages: 0 })");
  EXPECT_UNMET(R"(sink { host: "sink" mail: "AUTH" })", "lacks mail AUTH in \"MAIL From:<a@b>");
  EXPECT_UNMET(R"(sink { host: "sink" rcpt: "<z@s>" })", "lacks rcpt <z@s>");
  EXPECT_UNMET(R"(sink { host: "sink" recipients: 1 })", "lacks 1 recipients, there are 2");
  EXPECT_UNMET(R"(sink { host: "sink" header: "^To:" })", "lacks header ^To:");
  EXPECT_UNMET(R"(sink { host: "sink" mail: "SIZE" no_header: "^Subject:" })", "no_header");
  EXPECT_UNMET(R"(sink { host: "sink" mail: "SIZE" body: "Three" })", "lacks body Three");
}

TEST_F(ExpectationsTest, Heard) {
  checked.Record("mx", EventKind::kConnectionOpened, "192.0.2.25:4000", "192.0.2.33:25");
  checked.Record("mx", EventKind::kConnectionOpened, "192.0.2.25:4000", "192.0.2.33:24");
  checked.Record("sink", EventKind::kSmtpCommand, "192.0.2.25:4000", "EHLO mx", 1);
  checked.world.RunUntil([] { return false; }, MonotonicTime() + absl::Minutes(10));
  checked.Record("sink", EventKind::kSmtpCommand, "192.0.2.25:4000", "EHLO mx", 2);
  checked.Record("mx", EventKind::kSmtpCommand, "192.0.2.25:4000", "EHLO nobody", 2);
  EXPECT_HOLDS(R"(heard { host: "sink" count: 3 })");
  EXPECT_HOLDS(R"(heard { host: "sink" line: "[(]connected[)]" count: 1 not_after: "1s"
})");
  EXPECT_HOLDS(R"(heard { host: "sink" line: "EHLO" gap_at_least: "9m" gap_at_most: "11m" })");
  EXPECT_UNMET(R"(heard { host: "sink" line: "HELO" })", "the last line is \"EHLO mx\"");
  EXPECT_UNMET(R"(heard { host: "sink" line: "EHLO" count: 1 })", "there are 2");
  EXPECT_UNMET(R"(heard { host: "sink" line: "EHLO" not_before: "1m" })", "number 1");
  EXPECT_UNMET(R"(heard { host: "sink" line: "EHLO" not_after: "1m" })", "number 2");
  EXPECT_UNMET(R"(heard { host: "sink" line: "EHLO" gap_at_least: "11m" })", "expected at least");
  EXPECT_UNMET(R"(heard { host: "sink" line: "EHLO" gap_at_most: "9m" })", "expected at most");
}

TEST_F(ExpectationsTest, Log) {
  EXPECT_HOLDS(R"(log { host: "mx" contains: "stat=Sent" })");
  EXPECT_HOLDS(R"(log { host: "mx" contains: "sm-mta[7]: one" count: 1 })");
  EXPECT_HOLDS(R"(log { host: "mx" matches: "dsn=[45]" at_least: 1 at_most: 1 })");
  EXPECT_HOLDS(R"(log { host: "mx" contains: "absent" count: 0 })");
  EXPECT_HOLDS(R"(log { host: "mx" contains: "two" matches: "dsn" count: 1 })");
  EXPECT_HOLDS(R"(log { host: "mx" contains: "one" matches: "dsn" count: 0 })");
  EXPECT_UNMET(R"(log { host: "mx" contains: "absent" })", "the last line is");
  EXPECT_UNMET(R"(log { host: "mx" contains: "sm-mta" count: 1 })", "there are 2");
}

TEST_F(ExpectationsTest, FileState) {
  EXPECT_HOLDS(R"(file { host: "mx" path: "/tmp/locked" contains: "ex" mode: "000" owner: "root"
                         group: "mail" })");
  EXPECT_HOLDS(R"(file { host: "mx" path: "/tmp" mode: "1777" })");
  EXPECT_HOLDS(R"(file { host: "mx" path: "/tmp/none" exists: false })");
  EXPECT_HOLDS(R"(file { host: "mx" path: "/tmp/locked" matches: "^t.*t$" })");
  EXPECT_UNMET(R"(file { host: "mx" path: "/tmp/none" })", "does not exist");
  EXPECT_UNMET(R"(file { host: "mx" path: "/tmp/locked" exists: false })", "exists");
  EXPECT_UNMET(R"(file { host: "mx" path: "/tmp/locked" contains: "x y" })", "does not contain");
  EXPECT_UNMET(R"(file { host: "mx" path: "/tmp/locked" group: "root" })", "belongs to group 8");
  EXPECT_UNMET(R"(file { host: "mx" path: "/tmp" matches: "x" })", "Is a directory");
}

TEST_F(ExpectationsTest, Process) {
  EXPECT_HOLDS(R"(process { host: "mx" program: "sendmail" })");
  EXPECT_HOLDS(R"(process { host: "mx" program: "sink" running: false })");
  EXPECT_UNMET(R"(process { host: "mx" program: "sendmail" running: false })", "runs on mx");
  EXPECT_UNMET(R"(process { host: "sink" program: "sink" })", "does not run on sink");
}

}  // namespace
}  // namespace stagepost
