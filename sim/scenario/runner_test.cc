// The promises of a run: the same seed, the same events; the choice log alone is enough; nothing
// accepted is lost, whatever moment the power fails at.
//
// Reads the project's own scenarios, from the test's data.

#include "sim/scenario/runner.h"

#include <cctype>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/async/frame_pool.h"
#include "sim/scenario/loader.h"
#include "sim/testing/scenario_files.h"

namespace stagepost {
namespace {

constexpr uint64_t kSeeds = 1000;

RunResult RunSeed(const LoadedScenario& scenario, uint64_t seed) {
  auto result = RunScenario(scenario, {.seed = seed});
  EXPECT_TRUE(result.ok()) << result.status();
  return *std::move(result);
}

class EveryScenario : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryScenario, HoldsWithTheSameEventsTwice) {
  const LoadedScenario scenario = LoadScenarioOrDie(GetParam());
  const RunResult first = RunSeed(scenario, 7);
  for (const Failure& failure : first.failures)
    ADD_FAILURE() << failure.where << ": " << failure.what;
  // Another filling of fresh frames would show in the hash if anything read what it had not
  // written.
  PoisonFreshFrames(0xa5);
  const RunResult second = RunSeed(scenario, 7);
  PoisonFreshFrames(0x5a);
  EXPECT_EQ(first.hash, second.hash);
  EXPECT_EQ(first.events, second.events);
}

TEST_P(EveryScenario, ReplaysFromItsChoicesAlone) {
  const LoadedScenario scenario = LoadScenarioOrDie(GetParam());
  const RunResult drawn = RunSeed(scenario, 11);
  const auto replayed = RunScenario(scenario, {.seed = 999, .choice_log = drawn.choice_log});
  ASSERT_TRUE(replayed.ok()) << replayed.status();
  EXPECT_EQ(drawn.hash, replayed->hash);
  EXPECT_EQ(drawn.choice_log, replayed->choice_log);
}

TEST_P(EveryScenario, HoldsForAThousandSeeds) {
  const LoadedScenario scenario = LoadScenarioOrDie(GetParam());
  const uint64_t seeds = SeedsFor(scenario, kSeeds);
  std::set<std::string> hashes;
  int shown = 0;
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const RunResult result = RunSeed(scenario, seed);
    hashes.insert(result.hash.ToString());
    if (result.held() || ++shown > 3) continue;
    ADD_FAILURE() << "seed " << seed << ": " << result.failures[0].where << ": "
                  << result.failures[0].what;
  }
  EXPECT_EQ(shown, 0) << "seeds that failed";
  EXPECT_GE(hashes.size(), seeds * 9 / 10);
}

TEST_P(EveryScenario, LeavesNoFrames) {
  const LoadedScenario scenario = LoadScenarioOrDie(GetParam());
  const int64_t before = FramePoolStatsNow().live_frames;
  RunSeed(scenario, 3);
  EXPECT_EQ(FramePoolStatsNow().live_frames, before);
}

std::string NameOf(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, EveryScenario, ::testing::ValuesIn(AllScenarios()), NameOf);

TEST(RunScenario, RefusesAConfigurationThatHasNotBeenMade) {
  const auto loaded = LoadScenario("t", R"(
    name: "t" summary: "t"
    world { host { name: "mx" address: "10.0.0.1" mta { mc_file: "sendmail.mc" } } }
  )");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto result = RunScenario(*loaded, {});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(result.status().message().substr(0, 4), "t:3:");
}

TEST(RunScenario, RefusesFilesThatCannotBe) {
  const auto loaded = LoadScenario("t", R"(
    name: "t" summary: "t"
    world { host { name: "mx" address: "10.0.0.1" mta { }
                   file { path: "/usr/sbin/sendmail/x" content: "y" } } }
  )");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto result = RunScenario(*loaded, {});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(result.status().message().substr(0, 15), "t:3: host \"mx\":");
}

TEST(RunScenario, SaysWhatDidNotHold) {
  const auto loaded = LoadScenario("t", R"(
    name: "t" summary: "t"
    world { host { name: "mx" address: "10.0.0.1" mta { } user { name: "alice" } } }
    expect { mailbox { host: "mx" user: "alice" messages: 1 } }
  )");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const auto result = RunScenario(*loaded, {});
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->failures.size(), 1u);
  EXPECT_EQ(result->failures[0].where, "t:4");
  EXPECT_EQ(result->failures[0].what,
            "expected 1 messages in the mailbox of alice on mx, there are 0");
}

}  // namespace
}  // namespace stagepost
