#include "mta/deliver/destinations.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/queue/queue_id.h"

namespace stagepost {
namespace {

constexpr char kHost[] = "esmtp mx.corp.example";

// The queue id of message number `number`.
CompactQueueId Id(int number) { return CompactQueueId(absl::StrCat("6AK6XWAA", 100000 + number)); }

class CountingListener final : public Destinations::Listener {
 public:
  void OnTurn() override { ++turns; }
  int turns = 0;
};

std::optional<Destinations::Visit> Enter(Destinations& destinations, int number,
                                         absl::string_view key = kHost) {
  return destinations.TryEnter(key, Id(number).text());
}

// Visits that went well, one after the other.
void Visit(Destinations& destinations, int times) {
  for (int i = 0; i < times; ++i) ASSERT_TRUE(Enter(destinations, i).has_value());
}

// How many may visit at a time now.
size_t Room(Destinations& destinations) {
  std::vector<Destinations::Visit> visits;
  while (std::optional<Destinations::Visit> visit = Enter(destinations, 0)) {
    visits.push_back(*std::move(visit));
  }
  return visits.size();
}

TEST(Destinations, NamesThemByMailerAndHost) {
  EXPECT_EQ(Destinations::KeyFor("esmtp", "MX.Corp.Example"), "esmtp mx.corp.example");
  EXPECT_EQ(Destinations::KeyFor("Local", ""), "local");
}

TEST(Destinations, BeginWithOneVisitAndGrow) {
  Destinations destinations(20);
  EXPECT_EQ(Room(destinations), 1u);
  Visit(destinations, 3);
  EXPECT_EQ(destinations.WindowOf(kHost), 2u);
  Visit(destinations, 8);
  EXPECT_EQ(destinations.WindowOf(kHost), 4u);
  Visit(destinations, 16 + 32 + 64);
  EXPECT_EQ(Room(destinations), 20u);
  Visit(destinations, 1000);
  EXPECT_EQ(Room(destinations), 20u);
  // Each destination for itself.
  EXPECT_EQ(destinations.WindowOf("esmtp other.example"), 1u);
}

TEST(Destinations, ProgramsThatHangDoNotHoldUpOthersUntilTheLimit) {
  Destinations destinations(20);
  EXPECT_EQ(destinations.WindowOf("prog"), 20u);
  std::vector<Destinations::Visit> visits;
  for (int i = 0; i < 20; ++i) {
    std::optional<Destinations::Visit> visit = destinations.TryEnter("prog", "");
    ASSERT_TRUE(visit.has_value());
    visits.push_back(*std::move(visit));
  }
  EXPECT_FALSE(destinations.TryEnter("prog", "").has_value());
}

TEST(Destinations, ShrinkWhenTheHostFails) {
  Destinations destinations(20);
  Visit(destinations, 4 + 8 + 16);
  ASSERT_EQ(destinations.WindowOf(kHost), 8u);
  std::optional<Destinations::Visit> other = Enter(destinations, 1);
  std::optional<Destinations::Visit> failing = Enter(destinations, 2);
  failing->HostFailed();
  failing.reset();
  EXPECT_EQ(destinations.WindowOf(kHost), 1u);
  EXPECT_FALSE(Enter(destinations, 3).has_value());
  other.reset();
  EXPECT_TRUE(Enter(destinations, 3).has_value());
}

TEST(Destinations, GiveTurnsInOrderAndKeepThePlace) {
  Destinations destinations(20);
  CountingListener listener;
  destinations.set_listener(&listener);
  std::optional<Destinations::Visit> visit = Enter(destinations, 0);
  for (int i = 1; i <= 3; ++i) destinations.Park(kHost, Id(i), 7);
  EXPECT_EQ(destinations.parked(), 3u);
  EXPECT_FALSE(destinations.NextTurn().has_value());
  visit.reset();
  EXPECT_EQ(listener.turns, 1);
  const std::optional<Destinations::Turn> turn = destinations.NextTurn();
  ASSERT_TRUE(turn.has_value());
  EXPECT_EQ(turn->id, Id(1));
  EXPECT_EQ(turn->batch, 7u);
  EXPECT_EQ(turn->destination, kHost);
  EXPECT_FALSE(destinations.NextTurn().has_value());
  // Nobody overtakes.
  EXPECT_FALSE(Enter(destinations, 9).has_value());
  visit = Enter(destinations, 1);
  ASSERT_TRUE(visit.has_value());
  visit.reset();
  destinations.GiveUpTurn(Id(1));
  EXPECT_EQ(destinations.NextTurn()->id, Id(2));
}

TEST(Destinations, PassOnATurnThatIsNotUsed) {
  Destinations destinations(20);
  std::optional<Destinations::Visit> visit = Enter(destinations, 0);
  destinations.Park(kHost, Id(1), 0);
  destinations.Park(kHost, Id(2), 0);
  visit.reset();
  ASSERT_EQ(destinations.NextTurn()->id, Id(1));
  // The message was gone, or had no business there any more.
  destinations.GiveUpTurn(Id(1));
  EXPECT_EQ(destinations.NextTurn()->id, Id(2));
  destinations.GiveUpTurn(Id(2));
  EXPECT_TRUE(Enter(destinations, 3).has_value());
}

TEST(Destinations, ParkWhereThereIsRoomIsATurnAtOnce) {
  Destinations destinations(20);
  destinations.Park(kHost, Id(1), 0);
  EXPECT_EQ(destinations.NextTurn()->id, Id(1));
  EXPECT_EQ(destinations.parked(), 0u);
}

TEST(Destinations, GiveABatchBack) {
  Destinations destinations(20);
  std::optional<Destinations::Visit> visit = Enter(destinations, 0);
  for (int i = 1; i <= 6; ++i) destinations.Park(kHost, Id(i), static_cast<uint32_t>(i % 2));
  visit.reset();  // the turn of the first one, which is of batch 1
  std::vector<std::string> back;
  for (const CompactQueueId& id : destinations.Unpark(1)) back.push_back(id.str());
  EXPECT_EQ(back, (std::vector<std::string>{Id(3).str(), Id(5).str(), Id(1).str()}));
  EXPECT_EQ(destinations.NextTurn()->id, Id(2));
  EXPECT_EQ(destinations.parked(), 2u);
}

TEST(Destinations, ForgetHostsThatNobodyVisits) {
  Destinations destinations(20);
  const size_t many = 5 * Destinations::kMaxRemembered;
  std::optional<Destinations::Visit> visit = Enter(destinations, 0);
  for (size_t i = 0; i < many; ++i) Enter(destinations, 1, absl::StrCat("esmtp h", i, ".example"));
  EXPECT_LE(destinations.size(), Destinations::kMaxRemembered + 1);
  EXPECT_FALSE(Enter(destinations, 1).has_value());
}

// As many as come and go in any order: nobody waits while there is room, and no window is passed.
TEST(Destinations, NeverStopWithWork) {
  Destinations destinations(4);
  uint64_t state = 1;
  const auto draw = [&state](size_t below) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return static_cast<size_t>(state >> 33) % below;
  };
  std::vector<std::pair<int, Destinations::Visit>> visits;
  int next = 0, served = 0;
  constexpr int kMessages = 5000;
  while (served < kMessages) {
    if (next < kMessages && draw(2) == 0) {
      const int number = next++;
      if (auto visit = Enter(destinations, number)) {
        visits.emplace_back(number, *std::move(visit));
      } else {
        destinations.Park(kHost, Id(number), 0);
      }
    }
    while (const auto turn = destinations.NextTurn()) {
      int number = 0;
      ASSERT_TRUE(absl::SimpleAtoi(turn->id.text().substr(8), &number));
      number -= 100000;
      auto visit = Enter(destinations, number);
      ASSERT_TRUE(visit.has_value());
      destinations.GiveUpTurn(turn->id);
      visits.emplace_back(number, *std::move(visit));
    }
    ASSERT_LE(visits.size(), 4u);
    ASSERT_TRUE(!visits.empty() || destinations.parked() == 0);
    if (!visits.empty() && draw(3) > 0) {
      const size_t ends = draw(visits.size());
      if (draw(10) == 0) visits[ends].second.HostFailed();
      visits.erase(visits.begin() + static_cast<ptrdiff_t>(ends));
      ++served;
    }
  }
  EXPECT_EQ(destinations.parked(), 0u);
}

}  // namespace
}  // namespace stagepost
