#include "sim/scenario/suggest.h"

#include "gtest/gtest.h"

namespace stagepost {
namespace {

TEST(EditDistance, CountsChanges) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("abc", ""), 3u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("exepct", "expect"), 1u);  // neighbours swapped
  EXPECT_EQ(EditDistance("turn", "turns"), 1u);
}

TEST(NearestWord, IsNearOrNothing) {
  EXPECT_EQ(NearestWord("reply", {"replay", "audit"}), "replay");
  EXPECT_EQ(NearestWord("rx", {"mx", "tx"}), "mx");  // the first of several
  EXPECT_EQ(NearestWord("zebra", {"replay", "audit"}), "");
  EXPECT_EQ(NearestWord("x", {"y"}), "");  // nothing in common
  EXPECT_EQ(NearestWord(std::string(10'000, 'a'), {"aaa"}), "");
}

TEST(DidYouMean, ListsWhatIsKnownWhenNothingIsNear) {
  EXPECT_EQ(DidYouMean("mxx", {"mx"}), " (did you mean \"mx\"?)");
  EXPECT_EQ(DidYouMean("stranger", {"mx", "out"}), " (known: mx, out)");
  EXPECT_EQ(DidYouMean("x", {}), "");
}

}  // namespace
}  // namespace stagepost
