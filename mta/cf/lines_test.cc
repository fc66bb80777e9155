#include "mta/cf/lines.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

using Words = std::vector<std::string>;

// "number text" of every line.
std::vector<std::string> LinesOf(absl::string_view text, bool inline_comments = true) {
  ConfigurationLines lines(text, 100);
  lines.set_inline_comments(inline_comments);
  std::vector<std::string> all;
  while (const std::optional<ConfigurationLine> line = lines.Next()) {
    all.push_back(absl::StrCat(line->number, " ", line->text));
  }
  return all;
}

TEST(ConfigurationLines, ContinuationsKeepTheirWhiteSpace) {
  EXPECT_EQ(LinesOf("DxA\n B\n\tC\nDy\n"), (Words{"3 DxA\n B\n\tC", "4 Dy"}));
  EXPECT_EQ(LinesOf("a"), (Words{"1 a"}));
  EXPECT_EQ(LinesOf(" a\n"), (Words{"1  a"}));
  EXPECT_EQ(LinesOf(""), Words());
}

TEST(ConfigurationLines, CommentsAreLeftOut) {
  EXPECT_EQ(LinesOf("#a\n b\nc # d\n\ne#f\ng\\#h \\\\# i\n"), (Words{"3 c", "5 e", "6 g#h \\# i"}));
  EXPECT_EQ(LinesOf("R$* # c\n\t$1 # d\n"), (Words{"2 R$*\n\t$1"}));
  EXPECT_EQ(LinesOf("R$*\t$#local $: $1 # c\na$$#b\na$&#b\n${x#}#b\n$=#"),
            (Words{"1 R$*\t$#local $: $1", "2 a$$", "3 a$&#b", "4 ${x#}", "5 $=#"}));
  EXPECT_EQ(LinesOf("a # b\n", false), (Words{"1 a # b"}));
}

TEST(ConfigurationLines, LineEndsAndNul) {
  EXPECT_EQ(LinesOf("a\r\nb \t\r\n\r\nc"), (Words{"1 a", "2 b", "4 c"}));
  EXPECT_EQ(LinesOf(absl::string_view("a\0b\n c\nd\n", 9)), (Words{"2 a", "3 d"}));
}

TEST(ConfigurationLines, LongOnesAreCut) {
  const std::string text = absl::StrCat(std::string(60, 'a'), "\n ", std::string(60, 'b'), "\nc\n");
  ConfigurationLines lines(text, 100);
  const std::optional<ConfigurationLine> line = lines.Next();
  EXPECT_TRUE(line->too_long);
  EXPECT_EQ(line->text, text.substr(0, 100));
  EXPECT_EQ(lines.Next()->text, "c");
}

}  // namespace
}  // namespace stagepost
