#include "mta/cf/scan_format.h"

#include <string>

#include "gtest/gtest.h"
#include "mta/cf/munch.h"

namespace stagepost {
namespace {

std::string Scan(absl::string_view pattern, absl::string_view line) {
  const absl::StatusOr<ScanFormat> format = ScanFormat::Parse(pattern);
  if (!format.ok()) return "refused";
  const std::optional<absl::string_view> word = format->Scan(line);
  return word.has_value() ? std::string(*word) : "none";
}

// As sendmail filled a class from these lines.
TEST(ScanFormat, FindsTheWord) {
  EXPECT_EQ(Scan("%s", "  four x"), "four");
  EXPECT_EQ(Scan("%s", ""), "none");
  EXPECT_EQ(Scan("%[^#]", "five#six"), "five");
  EXPECT_EQ(Scan("%[^:]", "one two: x"), "one two");
  EXPECT_EQ(Scan("%*s %s", "one two three"), "two");
  EXPECT_EQ(Scan("%*s %s", "one"), "none");
  EXPECT_EQ(Scan("%3s", "seven"), "sev");
  EXPECT_EQ(Scan("%c", "seven"), "s");
  EXPECT_EQ(Scan("one %s", "one two"), "two");
  EXPECT_EQ(Scan("one %s", "two"), "none");
  EXPECT_EQ(Scan("%[0-9]", "9:10"), "9");
  EXPECT_EQ(Scan("%[0-9]", "x9"), "none");
  EXPECT_EQ(Scan("%%%s", "%a"), "a");
  EXPECT_EQ(Scan("%[]a]", "a]b"), "a]");
  EXPECT_EQ(Scan("%[a-]", "a-b"), "a-");
  EXPECT_EQ(Scan("%[abc", "abd"), "ab");
  EXPECT_EQ(Scan("%[^", "a#b c"), "a#b c");
  EXPECT_EQ(Scan("foo", "foo"), "none");
}

TEST(ScanFormat, RefusesWhatGivesNoWordOrTwo) {
  EXPECT_EQ(Scan("%s %s", "a b"), "refused");
  EXPECT_EQ(Scan("%d", "1"), "refused");
  EXPECT_EQ(Scan("%n", "1"), "refused");
  EXPECT_EQ(Scan("%", "a"), "refused");
  EXPECT_EQ(Scan(std::string(300, 'a'), "a"), "refused");
}

TEST(Munch, TakesQuotesAndBackslashesOut) {
  EXPECT_EQ(Munched("\"a b\" c"), "a b c");
  EXPECT_EQ(Munched("a\\\"c\\\\"), "a\"c\\");
  EXPECT_EQ(Munched("\\r\\n\\t"), "\r\nt");
  EXPECT_EQ(Munched("a\\"), "a");
  absl::string_view rest = "x\\,y\",\"z, more";
  EXPECT_EQ(TakeMunched(rest, ','), "x,y,z");
  EXPECT_EQ(rest, ", more");
}

}  // namespace
}  // namespace stagepost
