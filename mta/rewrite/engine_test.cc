#include "mta/rewrite/engine.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/rewrite/rewrite_test_util.h"

namespace stagepost {
namespace {

using Lines = std::vector<std::string>;

TEST(Rules, MatchShortestFirstAndExtendTheLastWildcard) {
  TestRules rules(
      "Sa\nR$*.$* => $@ [$1][$2]\n"
      "Sb\nR$*.$*.$* => $@ [$1][$2][$3]\nR$+$+ => $@ $2 / $1\n"
      "Sc\nR$-$- => $@ two\nR$@ => $@ empty\n"
      "Sd\nR$* b $+ b => $@ [$1][$2]\n");
  EXPECT_EQ(rules.Apply("a", "x.y.z"), "[ x ] [ y . z ]");
  EXPECT_EQ(rules.Apply("a", "x"), "x");
  EXPECT_EQ(rules.Apply("b", "x..y"), "[ x ] [ ] [ y ]");
  EXPECT_EQ(rules.Apply("b", "x y z"), "y z / x");
  EXPECT_EQ(rules.Apply("c", "."), ".");
  EXPECT_EQ(rules.Apply("c", ""), "empty");
  EXPECT_EQ(rules.Apply("d", "b b b b"), "[ ] [ b b ]");
}

TEST(Rules, MatchPhrasesOfClassesWithoutCase) {
  TestRules rules(
      "CM a.b a.b.c x@y\nCA one two\n"
      "Sm\nR$*$=M$* => $@ [$1][$2][$3]\n"
      "Sn\nR$=M => $@ [$1]\n"
      "So\nR$~A => $@ not [$1]\nR$=A $=Z => $@ never\n");
  EXPECT_EQ(rules.Apply("m", "p.A.B.C.q"), "[ p . ] [ A . B ] [ . C . q ]");
  EXPECT_EQ(rules.Apply("n", "a.b.c"), "[ a . b . c ]");
  EXPECT_EQ(rules.Apply("n", "X@Y"), "[ X @ Y ]");
  EXPECT_EQ(rules.Apply("n", "x.y"), "x . y");
  EXPECT_EQ(rules.Apply("o", "ONE"), "ONE");
  EXPECT_EQ(rules.Apply("o", "three"), "not [ three ]");
}

TEST(Rules, SeeClassesAsTheyAreWhenTheyAreApplied) {
  TestRules rules("CA one\nSa\nR$=A => $@ in\n");
  EXPECT_EQ(rules.Apply("a", "two"), "two");
  for (int i = 0; i < 100; ++i) {
    rules.configuration.classes.Add(OneCharacterName('A'), absl::StrCat("word", i));
  }
  rules.configuration.classes.Add(OneCharacterName('A'), "two");
  EXPECT_EQ(rules.Apply("a", "two"), "in");
  EXPECT_EQ(rules.Apply("a", "WORD99"), "in");
}

TEST(Rules, AreAppliedAgainUntilTheyDoNotMatch) {
  TestRules rules(
      "Sa\nR$* a $* => $1 b $2\n"
      "Sb\nRx => x\nR$* => $@ after\n"
      "Sc\nRa $* => $: b $1\nR$* b => $: $1 c\n");
  EXPECT_EQ(rules.Apply("a", "a x a a"), "b x b b");
  EXPECT_EQ(rules.Apply("b", "x"), "x");
  EXPECT_EQ(rules.said.messages, Lines{"Infinite loop in ruleset b, rule 1"});
  EXPECT_EQ(rules.Apply("c", "a a"), "b a");
}

TEST(Rules, CallRulesetsFromTheLastToTheFirst) {
  TestRules rules(
      "Sa\nR$* => $@ x $>b $1 y $>c z\n"
      "Sb\nR$* => $@ b( $1 )\n"
      "Sc\nR$* => $@ c( $1 )\n"
      "S7\nR$* => $@ seven $1\n"
      "Sd\nR$* => $@ $>7 $1\n");
  EXPECT_EQ(rules.Apply("a", "q"), "x b ( q y c ( z ) )");
  EXPECT_EQ(rules.said.trace, (Lines{"a < q", "c < z", "c > c ( z )", "b < q y c ( z )",
                                     "b > b ( q y c ( z ) )", "a > x b ( q y c ( z ) )"}));
  EXPECT_EQ(rules.Apply("d", "q"), "seven q");
}

TEST(Rules, EndWithAMailer) {
  TestRules rules(
      "Sa\nR$* => $# local $: $1\nR$* => $@ never\n"
      "Sb\nR$* => $: $>a $1\nR$* => $@ never\n"
      "Sc\nR$* => $: $1 $| $>a $1\nR$* $| $# $* => $@ mailer [$2] for [$1]\n");
  EXPECT_EQ(rules.Apply("a", "u"), "$# local $: u");
  EXPECT_EQ(rules.Apply("b", "u"), "$# local $: u");
  EXPECT_EQ(rules.Apply("c", "u"), "mailer [ local $: u ] for [ u ]");
}

TEST(Rules, HaveSendmailsLimits) {
  TestRules rules(
      "Sgrow\nR$+ => $1 $1\n"
      "Srecur\nR$* => $@ $>recur $1 x\n"
      "Sunknown\nR$* => $@ $>nosuch $1\n"
      "Snumber\nR$* => $@ $>999 $1\n"
      "Sbounds\nR$- => $2\n");
  EXPECT_EQ(rules.Apply("grow", "a").substr(0, 3), "65 ");
  EXPECT_EQ(rules.said.messages, Lines{"rewrite: expansion too long"});
  EXPECT_EQ(rules.Apply("recur", "a").substr(0, 3), "78 ");
  EXPECT_EQ(rules.said.messages.back(), "rewrite: excessive recursion (max 50), ruleset recur");
  EXPECT_EQ(rules.Apply("unknown", "a"), "78 $> nosuch a");
  EXPECT_EQ(rules.said.messages.back(), "Unknown ruleset nosuch");
  EXPECT_EQ(rules.Apply("number", "a"), "78 $> 999 a");
  EXPECT_EQ(rules.said.messages[rules.said.messages.size() - 2], "bad ruleset 999 (100 max)");
  EXPECT_EQ(rules.Apply("bounds", "a"), "78 a");
  EXPECT_EQ(rules.said.messages.back(), "rewrite: ruleset bounds: replacement $2 out of bounds");
}

TEST(Rules, EndHoweverOftenTheyCallEachOther) {
  std::string lines;
  for (int i = 0; i < 30; ++i) {
    absl::StrAppend(&lines, "S", i, "\nR$* => $@ $>", i + 1, " x $>", i + 1, " y\n");
  }
  TestRules rules(lines + "S30\nR$* => $@ z\n");
  EXPECT_EQ(rules.Apply("0", "q").substr(0, 3), "78 ");
  EXPECT_EQ(rules.said.messages.back().substr(0, 39), "rewrite: too many steps (max 100000), r");
}

TEST(Rules, AreCheckedWhenTheyAreCompiled) {
  TestRules rules(
      "Sa\n"
      "R$- => $2\n"
      "R$* $* $* $* $* $* $* $* $* $* => x\n"
      "R$1 => $+\n"
      "R$* => $(map $(map $1 $) $)\n"
      "R$* => $[ $1\n"
      "R => x\n");
  Lines texts;
  for (const Diagnostic& diagnostic : rules.diagnostics) {
    texts.push_back(absl::StrCat(diagnostic.where.line, " ", diagnostic.text));
  }
  EXPECT_EQ(texts, (Lines{"2 replacement $2 out of bounds", "3 R line: too many wildcards",
                          "4 Inappropriate use of $1-$9 on LHS", "4 Inappropriate use of $+ on RHS",
                          "5 cannot nest map lookups", "6 missing map closing token",
                          "7 R line: null LHS"}));
}

TEST(Rules, PutMacrosIn) {
  TestRules rules(
      "D{v}a.b \"c d\"\nDAalpha\n"
      "Sa\nR$* => $@ $A $&{v} $1 $&{nosuch}\n"
      "Sl\nR$* $&{v2} $* => $@ [$1][$2]\n"
      "Sn\nR$- $&{nosuch} => $@ no\nR$- $&{nosuch} $- => $@ [$1][$2]\n");
  EXPECT_EQ(rules.Apply("a", "x"), "alpha a . b \"c d\" x");
  rules.configuration.macros.SetLiteral(*rules.configuration.names.Intern("v2"), "x.y");
  EXPECT_EQ(rules.Apply("l", "a X.Y b"), "[ a ] [ b ]");
  EXPECT_EQ(rules.Apply("n", "a"), "a");
  EXPECT_EQ(rules.Apply("n", "a b"), "[ a ] [ b ]");
}

TEST(Lookups, PutValuesDefaultsOrKeysIn) {
  TestRules rules(
      "Sa\nR$* => $@ < $(map $1 $: default $1 $) >\n"
      "Sb\nR$* => $@ < $(map $1 $) >\n"
      "Sc\nR$* => $@ $(map k $@ $1 $@ b c $: no $) $[ $1 $]\n"
      "Sd\nR$* => $@ $(map $1 $: $>e $1 $)\nSe\nR$* => $@ e( $1 )\n"
      "Sf\nR$* => $@ $(nosuch $1 $: d $)\n");
  rules.map.answers["one"] = {.value = "value  \"of one\"@(c)x"};
  rules.map.answers["empty"] = {.value = ""};
  EXPECT_EQ(rules.Apply("a", "one"), "< value \"of one\" @ x >");
  EXPECT_EQ(rules.Apply("a", "empty"), "< >");
  EXPECT_EQ(rules.Apply("a", "a b"), "< default . a . b >");
  EXPECT_EQ(rules.Apply("b", "a b"), "< a b >");
  EXPECT_EQ(rules.Apply("c", "q r"), "no q r");
  EXPECT_EQ(rules.Apply("d", "q"), "e ( . q )");
  EXPECT_EQ(rules.Apply("f", "q"), "d");
  EXPECT_EQ(rules.said.messages, Lines{"rewrite: map nosuch not found"});
  EXPECT_EQ(rules.map.asked, (Lines{"one", "empty", "a.b", "a.b", "k|q.r|b.c", "q.r", "q"}));
}

TEST(Lookups, RememberTemporaryFailuresAndGoOn) {
  TestRules rules("Sa\nR$* => $: $(map $1 $: default $)\nR$* => $@ $1 after\n");
  rules.map.answers["t"] = {.status = 75, .message = "t: Name server timeout"};
  rules.map.answers["bad"] = {.value = "(only a comment)"};
  EXPECT_EQ(rules.Apply("a", "t"), "75 default after");
  EXPECT_EQ(rules.said.messages, Lines{"t: Name server timeout"});
  EXPECT_EQ(rules.Apply("a", "bad"), "65 bad");
}

TEST(Lookups, GiveNoOperatorsToValues) {
  TestRules rules("Sa\nR$* => $@ $(map $1 $)\nSb\nR$# $* => $@ mailer\nR$* => $: $>a $1\n");
  rules.map.answers["evil"] = {.value = "$# error $@ x"};
  EXPECT_EQ(rules.Apply("b", "evil"), "$# error $ @ x");
  // What sendmail's operators are inside it.
  for (int c = 0x80; c < 0xa0; ++c) {
    rules.map.answers["byte"] = {.value = absl::StrCat(std::string(1, static_cast<char>(c)), " x")};
    EXPECT_NE(rules.Apply("b", "byte"), "mailer") << c;
  }
}

TEST(Matcher, IsNotDrivenToExponentialSearch) {
  std::string left;
  for (int i = 0; i < 9; ++i) left += "$* x ";
  TestRules rules(absl::StrCat(
      "Sa\nR", left, "y => $@ found\nSb\nR$* $* $* $* $* $* $* $* $- z => ", "$@ found\n"));
  std::string line;
  for (int i = 0; i < 120; ++i) line += "x ";
  EXPECT_EQ(rules.Apply("a", line + "q y z y"), line + "q y z y");
  EXPECT_EQ(rules.Apply("b", line + "z z"), "found");
}

TEST(Matcher, RemembersNoFailureThatWasNone) {
  // The same questions, asked with and without a long search before the answer.
  TestRules rules("CA a a.b b.c\nSa\nR$* $=A $* $+ $=A c $* q => $@ [$1][$2][$3][$4][$5][$6]\n");
  std::string dots;
  for (int i = 0; i < 60; ++i) dots += "a.";
  const std::string answer = rules.Apply("a", dots + "b.c c q");
  EXPECT_EQ(answer.substr(0, 10), "[ ] [ a ] ");
  EXPECT_EQ(answer.substr(answer.size() - 13), "[ b . c ] [ ]");
}

}  // namespace
}  // namespace stagepost
