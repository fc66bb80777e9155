// Who leaves for a new connection. The orders are those that sendmail has shown.
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "mta/deliver/watched_connections.h"

namespace stagepost {
namespace {

std::string Hosts(const std::vector<ConnectionPlaces::Place>& places) {
  return absl::StrJoin(places, " ", [](std::string* out, const ConnectionPlaces::Place& place) {
    out->append(place.host);
  });
}

class ConnectionPlacesTest : public testing::Test {
 protected:
  std::string Enter(const std::string& host, int64_t now) {
    return Hosts(places_.Enter("esmtp " + host, host, now, now - 300, 2));
  }
  ConnectionPlaces places_;
};

TEST_F(ConnectionPlacesTest, TheLastFreePlaceIsTakenAndTheFirstIsGivenAway) {
  EXPECT_EQ(Enter("local", 0), "");
  EXPECT_EQ(Enter("dom1", 0), "");
  EXPECT_EQ(Enter("outside", 0), "dom1");
  EXPECT_EQ(Enter("dom2", 0), "outside");
  EXPECT_EQ(Hosts(places_.TakeAll()), "dom2 local");
  EXPECT_EQ(Hosts(places_.TakeAll()), "");
}

TEST_F(ConnectionPlacesTest, WhoWasUsedLongestAgoLeaves) {
  Enter("local", 0);
  Enter("dom1", 1);
  EXPECT_EQ(Enter("outside", 2), "local");
  places_.Use("esmtp dom1", 5, false);
  EXPECT_EQ(Enter("dom2", 6), "outside");
}

TEST_F(ConnectionPlacesTest, ClosedAndIdleOnesLeaveThoughThereIsRoom) {
  Enter("dom1", 0);
  places_.Use("esmtp dom1", 0, true);
  EXPECT_EQ(Enter("dom2", 0), "dom1");
  EXPECT_EQ(Enter("outside", 301), "dom2");
}

TEST_F(ConnectionPlacesTest, AnotherConnectionToAHostTakesThePlaceOfTheFirst) {
  Enter("dom1", 0);
  EXPECT_EQ(Enter("dom1", 0), "dom1");
  EXPECT_EQ(Hosts(places_.TakeAll()), "dom1");
}

TEST(ConnectionPlaces, WithoutPlacesNothingIsKept) {
  ConnectionPlaces places;
  EXPECT_TRUE(places.Enter("esmtp dom1", "dom1", 0, -300, 0).empty());
  EXPECT_TRUE(places.TakeAll().empty());
}

}  // namespace
}  // namespace stagepost
