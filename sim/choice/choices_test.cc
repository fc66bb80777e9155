#include "sim/choice/choices.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace stagepost {
namespace {

std::vector<uint64_t> Draw(Choices& choices, absl::string_view name, uint64_t range, int count) {
  std::vector<uint64_t> values;
  for (int i = 0; i < count; ++i) values.push_back(choices.Pick(name, range));
  return values;
}

Choices Replaying(absl::string_view log) {
  absl::StatusOr<Choices> choices = Choices::FromLog(log);
  EXPECT_TRUE(choices.ok()) << choices.status();
  return *std::move(choices);
}

std::string Error(absl::string_view log) {
  const absl::StatusOr<Choices> choices = Choices::FromLog(log);
  EXPECT_EQ(choices.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(choices.status().message());
}

// The same on every platform, and for good: recorded seeds in bug reports must stay what they were.
TEST(Choices, ValuesAreGolden) {
  Choices choices = Choices::FromSeed(7);
  EXPECT_EQ(Draw(choices, "network/latency", 1000, 6),
            (std::vector<uint64_t>{478, 326, 395, 980, 142, 509}));
  EXPECT_EQ(Draw(choices, "full", 0, 2),
            (std::vector<uint64_t>{10000407706445176266u, 7269405600948277183u}));
}

TEST(Choices, AreUniform) {
  for (const uint64_t range : {2, 3, 10, 255}) {
    Choices choices = Choices::FromSeed(1);
    const Choices::Stream stream = choices.StreamOf("x");
    constexpr int kDraws = 200'000;
    std::vector<double> counts(range);
    for (int i = 0; i < kDraws; ++i) {
      const uint64_t value = choices.Pick(stream, range);
      ASSERT_LT(value, range);
      counts[value] += 1;
    }
    const double expected = static_cast<double>(kDraws) / range;
    double chi_square = 0;
    for (const double n : counts) chi_square += (n - expected) * (n - expected) / expected;
    // Mean range-1, variance 2(range-1): five standard deviations.
    EXPECT_LT(chi_square, range + 5 * std::sqrt(2.0 * range)) << range;
  }
}

TEST(Choices, EveryBitOfAFullDrawIsFair) {
  Choices choices = Choices::FromSeed(2);
  std::array<int, 64> ones = {};
  constexpr int kDraws = 20'000;
  for (int i = 0; i < kDraws; ++i) {
    const uint64_t value = choices.Pick("full", 0);
    for (int bit = 0; bit < 64; ++bit) ones[bit] += value >> bit & 1;
  }
  for (int bit = 0; bit < 64; ++bit) EXPECT_NEAR(ones[bit], kDraws / 2, 400) << bit;
}

TEST(Choices, HugeRangesAreUniformToo) {
  Choices choices = Choices::FromSeed(3);
  constexpr uint64_t kRange = 3ull << 62;  // multiplication alone would be visibly biased
  int lower_third = 0;
  for (int i = 0; i < 30'000; ++i) {
    const uint64_t value = choices.Pick("x", kRange);
    ASSERT_LT(value, kRange);
    lower_third += value < 1ull << 62;
  }
  EXPECT_NEAR(lower_third, 10'000, 400);
}

TEST(Choices, SeedsNamesAndPositionsAreIndependent) {
  std::vector<uint64_t> values;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Choices choices = Choices::FromSeed(seed);
    for (int name = 0; name < 10; ++name) {
      for (int i = 0; i < 10; ++i) values.push_back(choices.Pick(absl::StrCat("n", name), 0));
    }
  }
  std::sort(values.begin(), values.end());
  EXPECT_EQ(std::adjacent_find(values.begin(), values.end()), values.end());
}

TEST(Choices, ADrawAddedElsewhereShiftsNothing) {
  Choices plain = Choices::FromSeed(9);
  Choices busy = Choices::FromSeed(9);
  for (int i = 0; i < 50; ++i) {
    for (int n = 0; n < i % 3; ++n) busy.Pick("new", 100);
    EXPECT_EQ(plain.Pick("old", 1000), busy.Pick("old", 1000));
  }
}

TEST(Choices, RangeOneIsNoDraw) {
  Choices choices = Choices::FromSeed(9);
  Choices other = Choices::FromSeed(9);
  EXPECT_EQ(choices.Pick("x", 1), 0u);
  EXPECT_EQ(choices.Log(), "stagepost-choices 1 seed 9\n");
  EXPECT_EQ(choices.Pick("x", 1000), other.Pick("x", 1000));
}

TEST(Choices, ChanceIsPerMille) {
  Choices choices = Choices::FromSeed(4);
  int hits = 0;
  for (int i = 0; i < 100'000; ++i) hits += choices.Chance("eio", 50);
  EXPECT_NEAR(hits, 5000, 350);
  EXPECT_FALSE(choices.Chance("never", 0));
  EXPECT_TRUE(choices.Chance("always", 1000));
  EXPECT_FALSE(Replaying("stagepost-choices 1 seed 0\n").Chance("mild", 999));
}

TEST(Choices, LogReplays) {
  Choices first = Choices::FromSeed(5);
  const std::vector<uint64_t> a = Draw(first, "a", 5, 100);
  const std::vector<uint64_t> b = Draw(first, "odd name %\n", 0, 20);
  Draw(first, "zero", 1, 20);
  Choices second = Replaying(first.Log());
  EXPECT_EQ(second.seed(), 5u);
  EXPECT_TRUE(second.replaying());
  EXPECT_EQ(Draw(second, "odd name %\n", 0, 20), b);  // in another order
  EXPECT_EQ(Draw(second, "a", 5, 100), a);
  EXPECT_EQ(second.Log(), first.Log());
}

TEST(Choices, ReplayEndsWithTheMildest) {
  Choices choices = Replaying("stagepost-choices 1 seed 5\nx 7 3*2\n");
  EXPECT_EQ(Draw(choices, "x", 10, 5), (std::vector<uint64_t>{7, 3, 3, 0, 0}));
  EXPECT_EQ(Draw(choices, "unknown", 10, 2), (std::vector<uint64_t>{0, 0}));
  EXPECT_EQ(choices.Log(), "stagepost-choices 1 seed 5\nx 7 3*2\n");
}

TEST(Choices, ReplayFitsASmallerRange) {
  Choices choices = Replaying("stagepost-choices 1 seed 5\nx 7 18446744073709551615\n");
  EXPECT_EQ(choices.Pick("x", 5), 2u);
  EXPECT_EQ(choices.Pick("x", 0), 18446744073709551615u);
}

TEST(Choices, LogIsSortedEscapedAndShort) {
  Choices choices = Replaying("stagepost-choices 1 seed 1\nb 1*3 0*2\na%20%25 2\n");
  Draw(choices, "b", 10, 5);
  Draw(choices, "a %", 10, 1);
  EXPECT_EQ(choices.Log(), "stagepost-choices 1 seed 1\na%20%25 2\nb 1*3\n");
}

TEST(Choices, RecordingCanBeOff) {
  Choices choices = Choices::FromSeed(5, {.record = false});
  Choices recorded = Choices::FromSeed(5);
  EXPECT_EQ(Draw(choices, "x", 100, 20), Draw(recorded, "x", 100, 20));
  EXPECT_EQ(choices.Log(), "stagepost-choices 1 seed 5\n");
}

TEST(Choices, DamagedLogsAreRefusedWithTheirLine) {
  const std::string good = "stagepost-choices 1 seed 1\n";
  EXPECT_EQ(Error(""), "line 1: not a choice log: expected \"stagepost-choices 1 seed NUMBER\"");
  EXPECT_EQ(Error("stagepost-choices 2 seed 1\n"),
            "line 1: not a choice log: expected \"stagepost-choices 1 seed NUMBER\"");
  EXPECT_EQ(Error("stagepost-choices 1 seed -1\n"),
            "line 1: not a choice log: expected \"stagepost-choices 1 seed NUMBER\"");
  EXPECT_EQ(Error(good + "x\n"), "line 2: a name without values");
  EXPECT_EQ(Error(good + "x 1\nx 2\n"), "line 3: a name appears twice");
  EXPECT_EQ(Error(good + " 1\n"), "line 2: a name has 1 to 256 bytes");
  EXPECT_EQ(Error(good + std::string(257, 'x') + " 1\n"), "line 2: a name has 1 to 256 bytes");
  EXPECT_EQ(Error(good + "a%4 1\n"), "line 2: bad %XX in a name");
  EXPECT_EQ(Error(good + "a%41 1\n"), "line 2: a name is not escaped as it must");
  EXPECT_EQ(Error(good + "a\tb 1\n"), "line 2: a name is not escaped as it must");
  for (const absl::string_view bad :
       {"", "x", "-1", "+1", "1*", "1*0", "*2", "1*9999999999999999999", "18446744073709551616",
        "1*2*3", "0x10"}) {
    EXPECT_EQ(Error(absl::StrCat(good, "x 5 ", bad, "\n")),
              absl::StrCat("line 2: expected VALUE or VALUE*COUNT, found \"", bad, "\""));
  }
}

TEST(Choices, ARunOfManyCostsNothing) {
  Choices choices = Replaying("stagepost-choices 1 seed 1\nx 3*4611686018427387904 1\n");
  EXPECT_EQ(Draw(choices, "x", 10, 3), (std::vector<uint64_t>{3, 3, 3}));
}

}  // namespace
}  // namespace stagepost
