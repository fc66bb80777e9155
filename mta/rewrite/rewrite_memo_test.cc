#include "mta/rewrite/rewrite_memo.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/rewrite/rewrite_test_util.h"

namespace stagepost {
namespace {

// What rules make of a line when nobody watches rulesets; the same twice.
std::string Unwatched(TestRules& rules, absl::string_view ruleset, absl::string_view line) {
  rules.said.watches = false;
  const std::string first = rules.Apply(ruleset, line);
  EXPECT_EQ(rules.Apply(ruleset, line), first) << line;
  rules.said.watches = true;
  return first;
}

TEST(RewriteMemo, GivesWhatRulesGive) {
  TestRules rules(
      "CA one two\nDvx.y\n"
      "Sa\nR$* a $* => $1 b $2\n"
      "Sb\nR$* @ $+ => $2 < @ $1 > $2\nR$=A $* => $@ in $2 $2\n"
      "Sc\nR$* => $: $>a $1\nR$* b $* => $# local $@ $2 $: $&v $1\n"
      "Sd\nR$* => $@ \n");
  const std::vector<std::string> lines = {
      "a", "A", "b a", "x@y.z", "X@Y.z", "one a", "ONE", "a b a", "\"q a\"", "one a one a", ""};
  for (const absl::string_view ruleset : {"a", "b", "c", "d"}) {
    for (const std::string& line : lines) {
      const std::string watched = rules.Apply(ruleset, line);
      EXPECT_EQ(Unwatched(rules, ruleset, line), watched) << ruleset << " " << line;
    }
  }
}

TEST(RewriteMemo, KeepsTheCaseOfWhoAsks) {
  TestRules rules("Sa\nR$+ @ $+ => $2 : $1\n");
  EXPECT_EQ(Unwatched(rules, "a", "Joe@Host.Example"), "Host . Example : Joe");
  EXPECT_EQ(Unwatched(rules, "a", "joe@host.example"), "host . example : joe");
}

TEST(RewriteMemo, SeesMacrosAndClassesChange) {
  TestRules rules(
      "CA one\nSa\nR$=A => $@ in\n"
      "Sm\nR$* => $@ $&v $1\nSp\nR$* $&v $* => $@ [ $1 ] [ $2 ]\n"
      "Sg\nR$* => $: $&v $| $1\nR x $| $* => $@ yes $1\nR$* $| $* => $@ no $2\n");
  Macros& macros = rules.configuration.macros;
  const NameId v = OneCharacterName('v');
  EXPECT_EQ(Unwatched(rules, "a", "two"), "two");
  rules.configuration.classes.Add(OneCharacterName('A'), "two");
  EXPECT_EQ(Unwatched(rules, "a", "two"), "in");
  for (int round = 0; round < 2; ++round) {
    macros.Unset(v);
    EXPECT_EQ(Unwatched(rules, "m", "a"), "a");
    EXPECT_EQ(Unwatched(rules, "g", "a"), "no a");
    EXPECT_EQ(Unwatched(rules, "p", "a x b"), "[ ] [ a x b ]");
    macros.SetLiteral(v, "x");
    EXPECT_EQ(Unwatched(rules, "m", "a"), "x a");
    EXPECT_EQ(Unwatched(rules, "g", "a"), "yes a");
    EXPECT_EQ(Unwatched(rules, "p", "a x b"), "[ a ] [ b ]");
  }
}

TEST(RewriteMemo, AsksMapsAndSaysWhatIsWrongEachTime) {
  TestRules rules("Sa\nR$+ => $@ $(map $1 $)\nSb\nRx => x\n");
  rules.map.answers["k"] = {.value = "v"};
  EXPECT_EQ(Unwatched(rules, "a", "k"), "v");
  rules.map.answers["k"] = {.value = "w"};
  EXPECT_EQ(Unwatched(rules, "a", "k"), "w");
  EXPECT_EQ(rules.map.asked.size(), 4);
  Unwatched(rules, "b", "x");
  EXPECT_EQ(rules.said.messages.size(), 2);
}

TEST(RewriteMemo, ForgetsAndGoesOn) {
  TestRules rules("Sa\nR$+ @ $+ => $2 : $1\n");
  const std::string many(200, '.');
  EXPECT_EQ(Unwatched(rules, "a", absl::StrCat("a@", many)), rules.Apply("a", "a@" + many));
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 2000; ++i) {
      EXPECT_EQ(Unwatched(rules, "a", absl::StrCat("u", i, "@h")), absl::StrCat("h : u", i));
    }
  }
}

}  // namespace
}  // namespace stagepost
