#include "mta/deliver/host_record.h"

#include <string>

#include "gtest/gtest.h"
#include "mta/base/sysexits.h"

namespace stagepost {
namespace {

constexpr char kDown[] = "V0\nE111\nH0\nS75\nD4.4.1\nU1795194825\n.\n";

TEST(HostRecord, ReadsAndWritesWhatSendmailWrites) {
  const auto record = ParseHostRecord(kDown);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->error, Errno::kECONNREFUSED);
  EXPECT_EQ(record->exit_code, kExitTemporaryFailure);
  EXPECT_EQ(record->dsn, "4.4.1");
  EXPECT_EQ(absl::ToUnixSeconds(record->used), 1795194825);
  EXPECT_EQ(WriteHostRecord(*record), kDown);

  const auto well = ParseHostRecord(
      "V0\nE0\nH1\nS0\nD2.0.0\nR250 2.0.0 accepted\nU1795194794\n.\nrubbish behind it\n");
  ASSERT_TRUE(well.ok());
  EXPECT_FALSE(well->failed());
  EXPECT_EQ(DescribeRecord(*well), "250 2.0.0 accepted");
}

TEST(HostRecord, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(ParseHostRecord("V1\nS75\n.\n").status().message(),
            "line 1: Unknown host status version 1");
  EXPECT_EQ(ParseHostRecord("V0\nXy\1z\n").status().message(),
            "line 2: Unknown host status line \"Xy?z\"");
  EXPECT_FALSE(ParseHostRecord("").ok());
  EXPECT_FALSE(ParseHostRecord("V0\n\nS0\n").ok());
  EXPECT_FALSE(ParseHostRecord(std::string(kMaxHostRecordBytes + 1, 'R')).ok());
  // A file may end early, and numbers may be none.
  ASSERT_TRUE(ParseHostRecord("V0\n").ok());
  EXPECT_EQ(ParseHostRecord("V0\nSx\nE99999999999999999999\nU-5").value().exit_code, 0);
}

TEST(HostRecord, PathsStayInTheirDirectory) {
  EXPECT_EQ(HostRecordPath("mail.dom1.example."), "example./dom1./mail");
  EXPECT_EQ(HostRecordPath("[192.0.2.36]"), "36./2./0./192");
  EXPECT_EQ(HostRecordPath("[IPv6:2001:DB8::1]"), "ipv6:2001:db8::1");
  EXPECT_EQ(HostRecordPath("local"), "local");
  for (const char* host : {"", ".", "..", "../x", "a/b", "a..b", ".a", "a b", "a\nb", "[", "[]"}) {
    EXPECT_EQ(HostRecordPath(host), std::nullopt) << host;
  }
  EXPECT_EQ(HostRecordPath(std::string(300, 'a')), std::nullopt);
  EXPECT_EQ(HostOfRecordPath("example./dom1./mail"), "mail.dom1.example");
}

std::string StatOf(HostRecord record) {
  const DeliveryResult result = ResultOfRecord(record, "h.example.");
  return result.dsn + " " + result.stat;
}

TEST(HostRecord, TellsOfTheFailureInSendmailsWords) {
  HostRecord record = {.exit_code = kExitTemporaryFailure, .dsn = "4.4.1"};
  EXPECT_EQ(StatOf(record), "4.4.1 Deferred");
  record.error = Errno::kETIMEDOUT;
  EXPECT_EQ(StatOf(record), "4.4.1 Deferred: Connection timed out with h.example.");
  record.error = Errno::kEHOSTUNREACH;
  EXPECT_EQ(StatOf(record), "4.4.1 Deferred: h.example.: No route to host");
  EXPECT_EQ(DescribeRecord(record), "Deferred: No route to host");
  EXPECT_EQ(StatOf({.no_name_server = true, .exit_code = kExitTemporaryFailure, .dsn = "4.4.3"}),
            "4.4.3 Deferred: Name server: h.example.: host name lookup failure");
  EXPECT_EQ(StatOf({.exit_code = kExitUnavailable, .dsn = "5.5.0", .reply = "554 no way"}),
            "5.5.0 Service unavailable");
  EXPECT_EQ(StatOf({.exit_code = kExitNoHost, .dsn = "5.1.2"}),
            "5.1.2 Host unknown (Name server: h.example.: host not found)");
}

}  // namespace
}  // namespace stagepost
