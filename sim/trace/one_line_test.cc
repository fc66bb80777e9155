#include "sim/trace/one_line.h"

#include "gtest/gtest.h"

namespace stagepost {
namespace {

TEST(OneLine, EscapesWhatIsNotPrintable) {
  EXPECT_EQ(OneLine("a \"b\" c:\\d", 100), "a \"b\" c:\\d");
  EXPECT_EQ(OneLine(absl::string_view("\r\n\t\0\x7f\xff", 6), 100), "\\r\\n\\t\\x00\\x7f\\xff");
  EXPECT_EQ(OneLine("", 0), "");
}

TEST(OneLine, CutsAndSaysHowMuch) {
  EXPECT_EQ(OneLine("abcdef", 6), "abcdef");
  EXPECT_EQ(OneLine("abcdef", 4), "abcd... (2 more)");
}

}  // namespace
}  // namespace stagepost
