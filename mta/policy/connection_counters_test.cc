#include "mta/policy/connection_counters.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "mta/base/time.h"
#include "mta/cf/well_known_names.h"

namespace stagepost {
namespace {

class HandClock final : public Clock {
 public:
  absl::Time WallNow() const override { return absl::UnixEpoch(); }
  MonotonicTime MonotonicNow() const override { return now; }
  MonotonicTime now = MonotonicTime::FromNanoseconds(0);
};

using Ticket = std::unique_ptr<ConnectionCounters::Ticket>;

IpAddress Address(uint32_t number) { return IpAddress::V4(number); }

TEST(ConnectionCounters, CountWhatIsOpen) {
  HandClock clock;
  ConnectionCounters counters(clock, absl::Seconds(60));
  Ticket first = counters.Open(Address(1));
  Ticket second = counters.Open(Address(1));
  Ticket other = counters.Open(Address(2));
  EXPECT_EQ(first->counts().connections, 1);
  EXPECT_EQ(second->counts().connections, 2);
  EXPECT_EQ(other->counts().connections, 1);
  EXPECT_EQ(other->counts().rate, 1);
  EXPECT_EQ(other->counts().total_rate, 3);
  first.reset();
  EXPECT_EQ(counters.Open(Address(1))->counts().connections, 2);
}

// Seconds and rates that sendmail gave with a window of 12 seconds.
TEST(ConnectionCounters, MoveTheWindowByASixth) {
  HandClock clock;
  ConnectionCounters counters(clock, absl::Seconds(12));
  constexpr std::pair<int, int> kSeen[] = {
      {51, 1}, {52, 2},  {53, 3},  {54, 4},  {55, 5},  {56, 6},  {57, 7},  {59, 8},
      {60, 9}, {61, 10}, {62, 10}, {63, 11}, {64, 10}, {65, 11}, {67, 10}, {68, 9}};
  for (const auto& [second, rate] : kSeen) {
    clock.now = MonotonicTime::FromNanoseconds(0) + absl::Seconds(second);
    const Ticket ticket = counters.Open(Address(1));
    EXPECT_EQ(ticket->counts().rate, rate) << second;
    EXPECT_EQ(ticket->counts().total_rate, rate) << second;
    EXPECT_EQ(ticket->counts().connections, 1);
  }
}

TEST(ConnectionCounters, ForgetTheWindowThatIsChanged) {
  HandClock clock;
  ConnectionCounters counters(clock, absl::Seconds(60));
  const Ticket first = counters.Open(Address(1));
  counters.set_window(absl::Seconds(60));
  const Ticket second = counters.Open(Address(1));
  EXPECT_EQ(second->counts().rate, 2);
  counters.set_window(absl::Seconds(600));
  const Ticket third = counters.Open(Address(1));
  EXPECT_EQ(third->counts().connections, 3);
  EXPECT_EQ(third->counts().rate, 1);
  EXPECT_EQ(third->counts().total_rate, 1);
  clock.now = clock.now + absl::Seconds(400);
  EXPECT_EQ(counters.Open(Address(1))->counts().rate, 2);
}

TEST(ConnectionCounters, RememberNoMoreThanTheyMay) {
  HandClock clock;
  ConnectionCounters counters(clock, absl::Seconds(60));
  std::vector<Ticket> open;
  for (uint32_t i = 0; i < kMaxCountedClients; ++i) open.push_back(counters.Open(Address(i)));
  const uint32_t kLate = kMaxCountedClients;
  const Ticket late = counters.Open(Address(kLate));
  EXPECT_EQ(counters.Open(Address(kLate))->counts().connections, 1);
  EXPECT_EQ(counters.Open(Address(7))->counts().connections, 2);
  // When the window is over there is room again.
  open.clear();
  clock.now = clock.now + absl::Minutes(2);
  const Ticket again = counters.Open(Address(kLate));
  EXPECT_EQ(counters.Open(Address(kLate))->counts().connections, 2);
}

TEST(ConnectionCounters, DefineMacros) {
  Macros macros;
  DefineCounterMacros({.connections = 2, .rate = 5, .total_rate = 9}, macros);
  const Names names;
  const auto value = [&](NameId name) { return WriteText(*macros.Find(name), names); };
  EXPECT_EQ(value(well_known::kClientConnections), "2");
  EXPECT_EQ(value(well_known::kClientRate), "5");
  EXPECT_EQ(value(well_known::kTotalRate), "9");
}

}  // namespace
}  // namespace stagepost
