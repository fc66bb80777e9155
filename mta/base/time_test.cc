#include "mta/base/time.h"

#include "gtest/gtest.h"

namespace stagepost {
namespace {

TEST(MonotonicTime, AddsAndSubtracts) {
  const MonotonicTime start = MonotonicTime::FromNanoseconds(5);
  EXPECT_EQ((start + absl::Seconds(1)).nanoseconds(), 1'000'000'005);
  EXPECT_EQ((start + absl::Seconds(1)) - start, absl::Seconds(1));
  EXPECT_LT(start, start + absl::Nanoseconds(1));
}

TEST(MonotonicTime, Saturates) {
  const MonotonicTime start = MonotonicTime::FromNanoseconds(5);
  EXPECT_EQ(start + absl::InfiniteDuration(), MonotonicTime::InfiniteFuture());
  EXPECT_EQ(MonotonicTime::InfiniteFuture() + absl::Seconds(1), MonotonicTime::InfiniteFuture());
}

}  // namespace
}  // namespace stagepost
