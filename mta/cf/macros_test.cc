#include "mta/cf/macros.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/cf/text.h"

namespace stagepost {
namespace {

class MacrosTest : public testing::Test {
 protected:
  void Define(char name, absl::string_view value) {
    macros.Set(OneCharacterName(name), *ParseText(value, names));
  }
  // What -bt's =S shows of a side of a rule.
  std::string Expanded(absl::string_view text) {
    const absl::StatusOr<Text> expanded = macros.Expand(*ParseText(text, names));
    return expanded.ok() ? WriteText(*expanded, names) : std::string(expanded.status().message());
  }

  Names names;
  Macros macros;
};

TEST_F(MacrosTest, ParsedTextIsWrittenAsItWas) {
  for (const absl::string_view text :
       {"$* < @ $+ > $-", "$=w $~{VirtHost} $1$2", "$#error $@ 5.7.1 $: \"550 x\"", "$(map $1 $)",
        "$[ $1 $]", "$>Name $&{client_addr}", "$?x a $| b $.", "$x ${long_name}"}) {
    EXPECT_EQ(WriteText(*ParseText(text, names), names), text);
  }
}

TEST_F(MacrosTest, TwoDollarsAreOne) {
  EXPECT_EQ(*ParseText("a$$b", names), Literal("a$b"));
  EXPECT_EQ(*ParseText("^a$", names), Literal("^a$"));
  EXPECT_EQ(*ParseText("$$x", names), Literal("$x"));
}

TEST_F(MacrosTest, BadNameEndsTheLine) {
  std::vector<std::string> errors;
  const Text text = ParseText("a ${b c", names, errors);
  EXPECT_EQ(errors.size(), 3u);
  EXPECT_EQ(WriteText(text, names), "a $");
  EXPECT_EQ(UntilBadName("a ${b c", names), "a ${");
  EXPECT_EQ(UntilBadName("a ${b} c", names), "a ${b} c");
}

TEST_F(MacrosTest, ValuesArePutInWhereTheyAreAsked) {
  Define('A', "value of A");
  Define('B', "b $A c");
  EXPECT_EQ(Expanded("R$*x$B, $&A ${nosuch}$z."), "R$*xb value of A c, $&A .");
  Define('A', "new");
  EXPECT_EQ(Expanded("$B"), "b new c");
}

// All of these as sendmail's -bt shows them.
TEST_F(MacrosTest, DecidesConditionals) {
  Define('n', "x");
  Define('e', "");
  Define('d', "$y");
  EXPECT_EQ(Expanded("$?n yes $| no $."), " yes ");
  EXPECT_EQ(Expanded("$?z yes $| no $."), " no ");
  EXPECT_EQ(Expanded("$?e yes $| no $."), " no ");
  EXPECT_EQ(Expanded("$?d yes $| no $."), " yes ");
  EXPECT_EQ(Expanded("$?n a $?z b $| c $. d $| e $. f"), " a  c  d  f");
  EXPECT_EQ(Expanded("$?z a $?n b $. c $| d $?n e $. $. f"), " d  e   f");
  EXPECT_EQ(Expanded("$?n a $| b $| c $."), " a  c ");
  EXPECT_EQ(Expanded("$| a $. b"), "$| a $. b");
  EXPECT_EQ(Expanded("$?z rest"), "");
}

TEST_F(MacrosTest, RecursionEnds) {
  Define('z', "$z");
  EXPECT_EQ(Expanded("$z"), "expand: recursion too deep (10 max)");
  for (char c = 'A'; c < 'K'; ++c) Define(c, absl::StrCat("$", std::string(1, c + 1)));
  Define('J', "end");
  EXPECT_EQ(Expanded("$A"), "end");
}

TEST_F(MacrosTest, ExpansionIsBounded) {
  // 10 levels of 9 each would be 3,486,784,401 characters.
  for (char c = 'A'; c < 'J'; ++c) {
    std::string value;
    for (int i = 0; i < 9; ++i) absl::StrAppend(&value, "$", std::string(1, c + 1));
    Define(c, value);
  }
  Define('J', "x");
  EXPECT_EQ(Expanded("$A"), "expand: expansion too long");
  // Emptiness costs, too.
  Define('J', "");
  EXPECT_EQ(Expanded("$A"), "expand: expansion too long");
}

TEST_F(MacrosTest, StringsHaveDeferredOnesToo) {
  Define('A', "a");
  const Text text = *ParseText("$&A $A $* $1 $&z.", names);
  EXPECT_EQ(*macros.ExpandToString(text, names), "a a $* $1 .");
}

TEST_F(MacrosTest, TablesFormAChain) {
  Define('A', "outer");
  Define('B', "outer");
  Macros inner(&macros);
  inner.SetLiteral(OneCharacterName('A'), "$B");
  inner.Unset(OneCharacterName('B'));
  const Text text = *ParseText("$A$B", names);
  EXPECT_EQ(*inner.ExpandToString(text, names), "$B");
  EXPECT_EQ(*macros.ExpandToString(text, names), "outerouter");
  EXPECT_EQ(inner.Find(OneCharacterName('C')), nullptr);
}

}  // namespace
}  // namespace stagepost
