// Time, and waiting for it.
#include "conformance/contract/contract_host.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/env/env_test_util.h"

namespace stagepost {
namespace {

class ClockContract : public ContractTest {};

CONTRACT_TEST(ClockContract, Monotonic_NeverGoesBack) {
  MonotonicTime last = env.clock().MonotonicNow();
  for (int i = 0; i < 1000; ++i) {
    const MonotonicTime now = env.clock().MonotonicNow();
    EXPECT_GE(now, last);
    last = now;
    if (i % 100 == 0) EXPECT_OK(co_await Sleep(absl::Microseconds(10)));
  }
  co_return 0;
}

CONTRACT_TEST(ClockContract, Sleep_NotShorterThanAsked) {
  for (const int microseconds : {0, 1, 999, 1000, 1001, 20'000}) {
    const absl::Duration asked = absl::Microseconds(microseconds);
    const MonotonicTime before = env.clock().MonotonicNow();
    EXPECT_OK(co_await Sleep(asked));
    EXPECT_GE(env.clock().MonotonicNow() - before, asked);
  }
  co_return 0;
}

CONTRACT_TEST(ClockContract, SleepUntil_WhatHasPassed) {
  const MonotonicTime now = env.clock().MonotonicNow();
  EXPECT_OK(co_await SleepUntil(now + absl::Seconds(-10)));
  EXPECT_LT(env.clock().MonotonicNow() - now, absl::Seconds(5));
  co_return 0;
}

CONTRACT_TEST(ClockContract, Wall_GoesOnWithTheMonotonicClock) {
  const absl::Time wall = env.clock().WallNow();
  const MonotonicTime before = env.clock().MonotonicNow();
  EXPECT_OK(co_await Sleep(absl::Milliseconds(50)));
  const absl::Duration difference =
      (env.clock().WallNow() - wall) - (env.clock().MonotonicNow() - before);
  EXPECT_LT(absl::AbsDuration(difference), absl::Milliseconds(40));
  EXPECT_GT(wall, absl::FromUnixSeconds(1'700'000'000));
  co_return 0;
}

CONTRACT_TEST(ClockContract, Deadline_NotEarlyAndTold) {
  const MonotonicTime deadline = env.clock().MonotonicNow() + absl::Milliseconds(20);
  const absl::Status status = co_await WithDeadline(deadline, Sleep(absl::Hours(1)));
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_GE(env.clock().MonotonicNow(), deadline);
  co_return 0;
}

CONTRACT_TEST(ClockContract, Deadline_OfWhatEndsInTime) {
  const MonotonicTime deadline = env.clock().MonotonicNow() + absl::Hours(1);
  EXPECT_OK(co_await WithDeadline(deadline, Sleep(absl::Milliseconds(1))));
  co_return 0;
}

Task<absl::Status> SleepFor(absl::Duration duration, std::string name, std::string& order) {
  CO_RETURN_IF_ERROR(co_await Sleep(duration));
  order += name;
  co_return absl::OkStatus();
}

CONTRACT_TEST(ClockContract, Sleep_ManyWakeInOrder) {
  std::string order;
  TaskScope scope(co_await CurrentContext(), "sleepers", TaskScope::Policy::kFirstError, 3);
  EXPECT_OK(scope.Spawn(&SleepFor, absl::Milliseconds(60), "c", std::ref(order)));
  EXPECT_OK(scope.Spawn(&SleepFor, absl::Milliseconds(20), "a", std::ref(order)));
  EXPECT_OK(scope.Spawn(&SleepFor, absl::Milliseconds(40), "b", std::ref(order)));
  EXPECT_OK(co_await scope.Join());
  EXPECT_EQ(order, "abc");
  co_return 0;
}

INSTANTIATE_CONTRACT(ClockContract);

}  // namespace
}  // namespace stagepost
