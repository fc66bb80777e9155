#include "mta/message/line_ends.h"

#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

std::string Stuffed(std::initializer_list<absl::string_view> pieces) {
  std::string wire;
  bool line_start = true;
  for (const absl::string_view piece : pieces) AppendLines(piece, "\r\n", true, line_start, wire);
  return absl::StrCat(wire, line_start ? "" : "|");
}

TEST(LineEnds, AreThoseOfTheMailer) {
  std::string wire;
  bool line_start = true;
  AppendLines("a\n.b", "|", false, line_start, wire);
  AppendLines("c\n\n", "|", false, line_start, wire);
  EXPECT_EQ(wire, "a|.bc||");
  EXPECT_TRUE(line_start);
}

TEST(DotStuffing, DoublesDotsAtLineStarts) {
  EXPECT_EQ(Stuffed({".\n..\na.\n"}), "..\r\n...\r\na.\r\n");
  EXPECT_EQ(Stuffed({"a", ".b\n", ".", "c\n", "\n", ".\n"}), "a.b\r\n..c\r\n\r\n..\r\n");
  EXPECT_EQ(Stuffed({"no end"}), "no end|");
  EXPECT_EQ(Stuffed({""}), "");
}

}  // namespace
}  // namespace stagepost
