#include "sim/scenario/changes.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/base/errno.h"
#include "sim/scenario/scenario_test_util.h"

namespace stagepost {
namespace {

constexpr char kHosts[] =
    "host { name: \"mx\" address: \"192.0.2.25\" address: \"2001:db8::25\" } "
    "host { name: \"out\" address: \"198.51.100.7\" }";

struct ChangesTest : testing::Test {
  // One change of host mx, as a step has it.
  absl::Status Change(absl::string_view what) {
    const LoadedScenario loaded =
        ScenarioWorld::Load(kHosts, absl::StrCat("step { change { host: \"mx\" ", what, " } }"));
    return ApplyChange(loaded.scenario.step(0).change(), world.world);
  }
  void RunFor(absl::Duration duration) {
    world.world.RunUntil([] { return false; }, world.world.now() + duration);
  }
  // How far the clock of mx is ahead of the truth.
  absl::Duration Ahead() { return mx.WallNow() - world.world.core().TrueTime(); }

  ScenarioWorld world{kHosts};
  SimHost& mx = world.host("mx");
};

struct Seen {
  MonotonicTime monotonic;
  absl::Time wall;
  std::vector<IpAddress> addresses;
  double load_average = 0;
};

Task<int> Look(Environment& env, Seen& seen) {
  seen = {env.clock().MonotonicNow(), env.clock().WallNow(), env.host().interface_addresses(),
          env.host().load_average()};
  co_return 0;
}

Task<int> Connect(Environment& env, Errno& result) {
  const auto connection =
      co_await env.network().Connect({*IpAddress::Parse("192.0.2.25"), 25}, std::nullopt);
  result = ErrnoOf(connection.status());
  co_return 0;
}

TEST_F(ChangesTest, ClockSteps) {
  ASSERT_TRUE(Change("clock { forward: \"2h\" }").ok());
  EXPECT_EQ(Ahead(), absl::Hours(2));
  ASSERT_TRUE(Change("clock { back: \"150m\" }").ok());
  EXPECT_EQ(Ahead(), -absl::Minutes(30));
  EXPECT_EQ(world.host("out").WallNow(), world.world.core().TrueTime());
}

TEST_F(ChangesTest, ClockDriftsFromThenOn) {
  RunFor(absl::Hours(1));
  ASSERT_TRUE(Change("clock { drift_ppm: 200 }").ok());
  EXPECT_EQ(Ahead(), absl::ZeroDuration());
  RunFor(absl::Seconds(10'000));
  EXPECT_EQ(Ahead(), absl::Seconds(2));
  ASSERT_TRUE(Change("clock { drift_ppm: -100 back: \"1s\" }").ok());
  RunFor(absl::Seconds(10'000));
  EXPECT_EQ(Ahead(), absl::ZeroDuration());
  ASSERT_TRUE(Change("clock { drift_ppm: 0 }").ok());
  RunFor(absl::Seconds(10'000));
  EXPECT_EQ(Ahead(), absl::ZeroDuration());
}

TEST_F(ChangesTest, ProgramsSeeIt) {
  ASSERT_TRUE(Change("clock { forward: \"1h\" }").ok());
  ASSERT_TRUE(Change("load_average: 14.5").ok());
  ASSERT_TRUE(Change("interface { address: \"192.0.2.25\" up: false }").ok());
  Seen seen;
  SimProcess& process = mx.Spawn(ProcessSpec(), nullptr);
  process.StartTask(&Look, std::ref(process.environment()), std::ref(seen));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(seen.monotonic, MonotonicTime());
  EXPECT_EQ(seen.wall, world.world.core().start + absl::Hours(1));
  EXPECT_EQ(seen.load_average, 14.5);
  EXPECT_EQ(seen.addresses,
            (std::vector<IpAddress>{*IpAddress::Parse("127.0.0.1"), *IpAddress::Parse("::1"),
                                    *IpAddress::Parse("2001:db8::25")}));
}

TEST_F(ChangesTest, AnInterfaceThatIsDownAnswersNobody) {
  const auto connect = [&] {
    Errno result = Errno::kOk;
    SimProcess& process = world.host("out").Spawn(ProcessSpec(), nullptr);
    process.StartTask(&Connect, std::ref(process.environment()), std::ref(result));
    RunFor(absl::Hours(1));
    return ErrnoName(result);
  };
  EXPECT_EQ(connect(), "ECONNREFUSED");
  ASSERT_TRUE(Change("interface { address: \"192.0.2.25\" up: false }").ok());
  EXPECT_NE(connect(), "ECONNREFUSED");
  EXPECT_EQ(Change("interface { address: \"192.0.2.25\" up: false }").message(),
            "mx has no address 192.0.2.25 that is up");
  ASSERT_TRUE(Change("interface { address: \"192.0.2.25\" up: true }").ok());
  EXPECT_EQ(connect(), "ECONNREFUSED");
}

TEST_F(ChangesTest, FifosAreMade) {
  ASSERT_TRUE(
      Change("write { path: \"/run/pipe\" fifo: true owner: \"mail\" mode: \"620\" }").ok());
  const auto made = mx.editor().LinkStat("/run/pipe");
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->type, FileType::kFifo);
  EXPECT_EQ(made->mode, 0620u);
  EXPECT_EQ(made->owner, UserId{8});
}

TEST_F(ChangesTest, QuotaOfUsersAndGroups) {
  const Identity mail{UserId{8}, GroupId{8}, {}};
  const DiskCaller as_mail{mail, 022, nullptr, 7, absl::UnixEpoch()};
  const auto make = [&](const char* path) { return mx.disk().MakeDirectory(as_mail, path, 0755); };
  ASSERT_TRUE(Change("quota { user: \"mail\" files: 2 }").ok());
  EXPECT_EQ(make("/tmp/1"), Errno::kOk);
  EXPECT_EQ(make("/tmp/2"), Errno::kOk);
  EXPECT_EQ(make("/tmp/3"), Errno::kEDQUOT);
  ASSERT_TRUE(Change("quota { user: \"mail\" }").ok());
  EXPECT_EQ(make("/tmp/3"), Errno::kOk);
  ASSERT_TRUE(Change("quota { group: \"mail\" kib: 16 }").ok());
  EXPECT_EQ(make("/tmp/4"), Errno::kOk);
  EXPECT_EQ(make("/tmp/5"), Errno::kEDQUOT);
}

Task<int> SendMuch(Environment& env, absl::Duration& took) {
  auto connection =
      co_await env.network().Connect({*IpAddress::Parse("192.0.2.25"), 25}, std::nullopt);
  const MonotonicTime start = env.clock().MonotonicNow();
  (void)co_await WriteAll(**connection, std::string(200'000, 'x'));
  took = env.clock().MonotonicNow() - start;
  co_return 0;
}

Task<int> ReadAll(Environment& env) {
  const auto listener = env.network().Listen({.address = {*IpAddress::Parse("192.0.2.25"), 25}});
  while (true) {
    auto connection = co_await (*listener)->Accept();
    std::string buffer(10'000, '\0');
    while ((co_await (*connection)->Read(absl::MakeSpan(buffer))).value_or(0) > 0) {
    }
  }
}

TEST_F(ChangesTest, LinksHaveASpeed) {
  SimProcess& server = mx.Spawn(ProcessSpec(), nullptr);
  server.StartTask(&ReadAll, std::ref(server.environment()));
  const auto change = [&](absl::string_view link) {
    const LoadedScenario loaded =
        ScenarioWorld::Load(kHosts, absl::StrCat("step { change { link { ", link, " } } }"));
    ASSERT_TRUE(ApplyChange(loaded.scenario.step(0).change(), world.world).ok());
  };
  const auto seconds = [&] {
    absl::Duration took;
    SimProcess& process = world.host("out").Spawn(ProcessSpec(), nullptr);
    process.StartTask(&SendMuch, std::ref(process.environment()), std::ref(took));
    RunFor(absl::Hours(1));
    return absl::ToDoubleSeconds(took);
  };
  EXPECT_LT(seconds(), 1);
  change("from: \"mx\" to: \"out\" kbit_per_second: 8 both: false");
  EXPECT_LT(seconds(), 1) << "the other way is as fast as before";
  change("from: \"mx\" to: \"out\" kbit_per_second: 8");
  EXPECT_GT(seconds(), 130);  // all but a window, a thousand bytes a second
  EXPECT_LT(seconds(), 250);
  change("from: \"out\" to: \"mx\"");
  EXPECT_LT(seconds(), 1);
}

TEST(Changes, Mistakes) {
  const auto error = [](absl::string_view what) {
    const auto loaded =
        LoadScenario("test", absl::StrCat("name: \"test\" summary: \"s\" world { ", kHosts,
                                          " } step { change { host: \"mx\" ", what, " } }"));
    const std::string message(loaded.status().message());
    return message.substr(message.find("field"));
  };
  EXPECT_EQ(error("clock {}"), "field \"clock\": needs one of forward, back, drift_ppm");
  EXPECT_EQ(error("clock { forward: \"1s\" back: \"1s\" }"),
            "field \"back\": forward and back exclude each other");
  EXPECT_EQ(error("clock { drift_ppm: 100001 }"), "field \"drift_ppm\": at most 100000 either way");
  EXPECT_EQ(error("load_average: -1"), "field \"load_average\": must be from 0 to 1000000");
  EXPECT_EQ(error("interface { address: \"198.51.100.7\" }"),
            "field \"interface\": mx has no address 198.51.100.7");
}

}  // namespace
}  // namespace stagepost
