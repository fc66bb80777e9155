// The header of a message, found in what streams in; dates.
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/message/date.h"
#include "mta/message/header_collector.h"

namespace stagepost {
namespace {

constexpr size_t kLimit = 32768;

struct Collected {
  Header header;
  std::string from_line, body;
  bool too_large = false;
};

Collected Collect(absl::string_view text, size_t first, size_t second, size_t limit = kLimit) {
  HeaderCollector collector(limit);
  Collected result;
  collector.Take(text.substr(0, first), result.body);
  collector.Take(text.substr(first, second - first), result.body);
  collector.Take(text.substr(second), result.body);
  collector.Finish(result.body);
  result.header = collector.header();
  result.from_line = collector.from_line();
  result.too_large = collector.too_large();
  return result;
}

std::string Show(const Header& header) {
  std::string result;
  for (const HeaderField& field : header) {
    absl::StrAppend(&result, field.name, ":", field.value, "\n");
  }
  return result;
}

TEST(HeaderCollector, FindsTheBoundaryAtEverySplit) {
  const struct {
    absl::string_view text;
    absl::string_view header, body;
  } kCases[] = {
      {"", "", ""},
      {"\n", "", ""},
      {"Subject: x\n", "Subject: x\n", ""},
      {"Subject: x\n\n", "Subject: x\n", ""},
      {"Subject: x\nTo:y\n\nbody\n\nmore\n", "Subject: x\nTo:y\n", "body\n\nmore\n"},
      {"just text, no header\n", "", "just text, no header\n"},
      {"text\n", "", "text\n"},
      {"\nbody\n", "", "body\n"},
      {"Subject: x\nThis is not a header\nFrom: u@outside.example\n\nx\n", "Subject: x\n",
       "This is not a header\nFrom: u@outside.example\n\nx\n"},
      {"Subject: x\nword\n\nx\n", "Subject: x\n", "word\n\nx\n"},
      {"Subject: caf\xe9\nX-\xe9: x\n\n\xe9\n", "Subject: caf\xe9\n", "X-\xe9: x\n\n\xe9\n"},
      {"Subject : space\n\nx\n", "Subject: space\n", "x\n"},
      {"Subject: long\n header\n\tagain\n\nx\n", "Subject: long\n header\n\tagain\n", "x\n"},
      {" blank first\nSubject: x\n\nx\n", "", " blank first\nSubject: x\n\nx\n"},
      {": no name\n\nx\n", "", ": no name\n\nx\n"},
      {"Subject: x\nFrom u Fri\n\nx\n", "Subject: x\n", "From u Fri\n\nx\n"},
      {"From u@outside.example Fri Nov 20 10:00:00 2026\nSubject: y\n\nFrom body\n", "Subject: y\n",
       "From body\n"},
      {absl::string_view("Subject: a\0b\n\nx\n", 16), "Subject: ab\n", "x\n"},
      {"Subject: x\nMessage: y\n\nx\n", "Subject: x\n", "Message: y\n\nx\n"},
      {"text : y\nSubject: x\n\nx\n", "", "text : y\nSubject: x\n\nx\n"},
  };
  for (const auto& c : kCases) {
    for (size_t first = 0; first <= c.text.size(); ++first) {
      for (size_t second = first; second <= c.text.size(); ++second) {
        const Collected got = Collect(c.text, first, second);
        ASSERT_EQ(Show(got.header), c.header) << c.text << " " << first << " " << second;
        ASSERT_EQ(got.body, c.body) << c.text << " " << first << " " << second;
        ASSERT_FALSE(got.too_large);
      }
    }
  }
}

TEST(HeaderCollector, TakesNamesOfBoundedLength) {
  const std::string name(100, 'X');
  EXPECT_EQ(Show(Collect(name + ": v\n\nb\n", 0, 0).header), name + ": v\n");
  EXPECT_EQ(Collect("X" + name + ": v\n\nb\n", 7, 50).body, "X" + name + ": v\n\nb\n");
}

TEST(HeaderCollector, BoundsTheHeader) {
  const std::string field = "X: 345678\n";  // 10 bytes
  const std::string fits = field + field;
  const struct {
    std::string text;
    bool too_large;
    absl::string_view body;
  } kCases[] = {
      {fits + "\nbody\n", false, "body\n"},
      {fits + "Y:\n\nbody\n", true, "body\n"},
      {fits + " z\n\nbody\n", true, "body\n"},
      {"X: " + std::string(1000, 'x') + "\n y\n\nbody\n", true, "body\n"},
      {" " + std::string(1000, 'x') + "\nX: y\n\nbody\n", false, "*"},
      {"no header " + std::string(1000, 'x') + "\n", false, "*"},
      {std::string(1000, 'x') + "\n", true, "*"},
  };
  for (const auto& c : kCases) {
    for (const size_t cut : {0, 5}) {
      const Collected got = Collect(c.text, cut, cut * 3, 20);
      EXPECT_EQ(got.too_large, c.too_large) << c.text;
      if (c.body != "*") EXPECT_EQ(got.body, c.body) << c.text;
      EXPECT_LE(Show(got.header).size(), 20u);
    }
  }
}

TEST(FormatDate, WritesZones) {
  const absl::Time time =
      absl::FromCivil(absl::CivilSecond(2026, 3, 1, 6, 5, 4), absl::UTCTimeZone());
  EXPECT_EQ(FormatDate(time, absl::UTCTimeZone()), "Sun, 1 Mar 2026 06:05:04 GMT");
  EXPECT_EQ(FormatDate(time, absl::FixedTimeZone(-3 * 3600 - 1800)).substr(0, 30),
            "Sun, 1 Mar 2026 02:35:04 -0330");
}

TEST(ParseFromLineDate, TakesOnlyDates) {
  EXPECT_TRUE(ParseFromLineDate("From u Fri Nov 20 10:00:00 2026", absl::UTCTimeZone()));
  EXPECT_TRUE(ParseFromLineDate("From u Sun Mar  1 10:00:00 2026", absl::UTCTimeZone()));
  for (const absl::string_view line : {"", "From u", "From u Fri Nov 20 99:00:00 2026",
                                       "From u Fri, 20 Nov 2026 10:00:00 +0000"}) {
    EXPECT_FALSE(ParseFromLineDate(line, absl::UTCTimeZone())) << line;
  }
}

}  // namespace
}  // namespace stagepost
