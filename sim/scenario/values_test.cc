#include "sim/scenario/values.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace stagepost {
namespace {

using Words = std::vector<std::string>;

TEST(Duration, IsFiniteAndNotNegative) {
  EXPECT_EQ(*ParseScenarioDuration("1500ms"), absl::Milliseconds(1500));
  EXPECT_EQ(*ParseScenarioDuration("2h30m"), absl::Minutes(150));
  EXPECT_EQ(*ParseScenarioDuration("0"), absl::ZeroDuration());
  for (const absl::string_view bad : {"", "5", "5 s", "-1s", "inf", "-inf", "1000000h", "1d"}) {
    EXPECT_FALSE(ParseScenarioDuration(bad).ok()) << bad;
  }
}

TEST(FileMode, IsOctal) {
  EXPECT_EQ(*ParseFileMode("600"), 0600u);
  EXPECT_EQ(*ParseFileMode("0644"), 0644u);
  EXPECT_EQ(*ParseFileMode("1777"), 01777u);
  for (const absl::string_view bad : {"", "7", "08", "888", "00644", "0x1f", "-600"}) {
    EXPECT_FALSE(ParseFileMode(bad).ok()) << bad;
  }
}

TEST(Command, IsSplitAtBlanksOutsideOfQuotes) {
  EXPECT_EQ(*SplitCommand("mailq"), Words({"mailq"}));
  EXPECT_EQ(*SplitCommand("  sendmail\t-q1h  -v "), Words({"sendmail", "-q1h", "-v"}));
  EXPECT_EQ(*SplitCommand("echo 'a  b' \"c'd\" e'f'g ''"),
            Words({"echo", "a  b", "c'd", "efg", ""}));
  for (const absl::string_view bad : {"", "  ", "'a", "a \"b", "''", "a\nb"}) {
    EXPECT_FALSE(SplitCommand(bad).ok()) << bad;
  }
}

TEST(TimeZone, IsADifferenceFromUtc) {
  const absl::Time time = absl::FromUnixSeconds(0);
  EXPECT_EQ(absl::FormatTime("%z", time, *ParseFixedTimeZone("UTC")), "+0000");
  EXPECT_EQ(absl::FormatTime("%z", time, *ParseFixedTimeZone("+0200")), "+0200");
  EXPECT_EQ(absl::FormatTime("%z", time, *ParseFixedTimeZone("-0330")), "-0330");
  for (const absl::string_view bad : {"", "CET", "+2", "0200", "+0260", "+1500", "+02:00"}) {
    EXPECT_FALSE(ParseFixedTimeZone(bad).ok()) << bad;
  }
}

TEST(ErrnoName, IsKnown) {
  EXPECT_EQ(*ParseErrno("EIO"), Errno::kEIO);
  EXPECT_EQ(*ParseErrno("EDQUOT"), Errno::kEDQUOT);
  for (const absl::string_view bad : {"", "eio", "E?", "EFOO"}) {
    EXPECT_FALSE(ParseErrno(bad).ok()) << bad;
  }
}

TEST(Pattern, HasThreeWaysToMatch) {
  const std::unique_ptr<RE2> pattern = *CompilePattern("250[ -]ok");
  EXPECT_TRUE(MatchesAtStart(*pattern, "250-ok\n250 done"));
  EXPECT_FALSE(MatchesAtStart(*pattern, "x 250 ok"));
  EXPECT_TRUE(MatchesSomewhere(*pattern, "x 250 ok y"));
  EXPECT_TRUE(MatchesWhole(*pattern, "250 ok"));
  EXPECT_FALSE(MatchesWhole(*pattern, "250 ok y"));
}

TEST(Pattern, IsOverBytes) {
  const std::unique_ptr<RE2> pattern = *CompilePattern("a.b");
  EXPECT_TRUE(MatchesWhole(*pattern,
                           "a\xff"
                           "b"));
  EXPECT_FALSE(MatchesWhole(*pattern, "a\nb"));
}

TEST(Pattern, IsBounded) {
  EXPECT_FALSE(CompilePattern("(").ok());
  EXPECT_FALSE(CompilePattern("((a{100}){100}){100}").ok());
  EXPECT_FALSE(CompilePattern(std::string(kMaxPatternBytes + 1, 'a')).ok());
}

}  // namespace
}  // namespace stagepost
