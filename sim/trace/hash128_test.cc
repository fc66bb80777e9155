#include "sim/trace/hash128.h"

#include <bit>
#include <cstdint>
#include <set>
#include <string>

#include "gtest/gtest.h"

namespace stagepost {
namespace {

Hash128 OfWords(uint64_t a, uint64_t b) {
  Hasher128 hasher;
  hasher.Add(a, b);
  return hasher.Finish();
}

int BitsBetween(const Hash128& a, const Hash128& b) {
  return std::popcount(a.high ^ b.high) + std::popcount(a.low ^ b.low);
}

TEST(Hash128, IsGolden) {
  EXPECT_EQ(Hasher128().Finish().ToString(), "561f640694b3ea537ffee3c95d1b666f");
  Hasher128 hasher;
  hasher.Add(1, 2);
  hasher.AddText("MAIL FROM:<alice@example.org>");
  EXPECT_EQ(hasher.Finish().ToString(), "a0bb31c14a4a8ccce2b112d668e92d7d");
}

TEST(Hash128, HasThirtyTwoDigits) {
  EXPECT_EQ((Hash128{0, 1}.ToString()), "00000000000000000000000000000001");
  EXPECT_EQ((Hash128{0xabcull << 52, 0}.ToString()), "abc00000000000000000000000000000");
}

TEST(Hash128, EachInputBitChangesAboutHalfOfTheOutput) {
  for (const uint64_t base : {0ull, ~0ull, 0x0123456789abcdefull}) {
    for (int bit = 0; bit < 128; ++bit) {
      const uint64_t a = bit < 64 ? base ^ 1ull << bit : base;
      const uint64_t b = bit < 64 ? base : base ^ 1ull << (bit - 64);
      const int changed = BitsBetween(OfWords(base, base), OfWords(a, b));
      EXPECT_GT(changed, 36) << bit;
      EXPECT_LT(changed, 92) << bit;
    }
  }
}

TEST(Hash128, ADifferenceLastsWhateverFollows) {
  Hasher128 one, two;
  one.Add(1, 0);
  two.Add(2, 0);
  // Zeros and the hash's own keys would be absorbing elements of a careless product.
  for (const uint64_t word : {0ull, 0xbb67ae8584caa73bull, 0x3c6ef372fe94f82bull, ~0ull}) {
    for (int i = 0; i < 1000; ++i) {
      one.Add(word, word);
      two.Add(word, word);
    }
    EXPECT_GT(BitsBetween(one.Finish(), two.Finish()), 36);
  }
}

TEST(Hash128, HasNoCollisionAmongSmallInputs) {
  std::set<std::string> seen;
  for (uint64_t a = 0; a < 100; ++a) {
    for (uint64_t b = 0; b < 100; ++b) seen.insert(OfWords(a, b).ToString());
  }
  EXPECT_EQ(seen.size(), 10'000u);
}

TEST(Hash128, OrderCounts) {
  Hasher128 one, two;
  one.Add(1, 2);
  one.Add(3, 4);
  two.Add(3, 4);
  two.Add(1, 2);
  EXPECT_NE(one.Finish(), two.Finish());
  EXPECT_NE(OfWords(1, 2), OfWords(2, 1));
}

TEST(Hash128, EveryByteOfATextCounts) {
  const std::string text = "a text of more than thirty-two bytes, that is: several steps";
  std::set<std::string> seen;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] ^= 1;
    Hasher128 hasher;
    hasher.AddText(changed);
    seen.insert(hasher.Finish().ToString());
  }
  EXPECT_EQ(seen.size(), text.size());
}

}  // namespace
}  // namespace stagepost
