// A small campaign in every test run: all scenarios under faults, each seed twice; and the planted
// defect is found, or the search itself is broken.

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "mta/async/frame_pool.h"
#include "sim/campaign/probe_sites.h"
#include "sim/campaign/seed_result.h"
#include "sim/campaign/tally.h"
#include "sim/scenario/loader.h"
#include "sim/scenario/runner.h"
#include "sim/testing/scenario_files.h"

namespace stagepost {
namespace {

constexpr uint64_t kSeeds = 300;
constexpr uint64_t kCanarySeeds = 1000;

RunResult RunWith(const LoadedScenario& scenario, const RunOptions& options) {
  auto result = RunScenario(scenario, options);
  EXPECT_TRUE(result.ok()) << result.status();
  return *std::move(result);
}

class UnderFaults : public ::testing::TestWithParam<std::string> {};

TEST_P(UnderFaults, InvariantsHoldAndRunsRepeat) {
  const LoadedScenario scenario = LoadScenarioOrDie(GetParam());
  const uint64_t seeds = SeedsFor(scenario, kSeeds);
  int shown = 0;
  for (uint64_t seed = 1; seed <= seeds && shown < 3; ++seed) {
    PoisonFreshFrames(0xa5);
    const RunResult first = RunWith(scenario, {.seed = seed, .faults = true});
    PoisonFreshFrames(0x5a);
    const RunResult second = RunWith(scenario, {.seed = seed, .faults = true});
    EXPECT_EQ(first.hash, second.hash) << "seed " << seed;
    if (first.held()) continue;
    ++shown;
    ADD_FAILURE() << "stagepost replay --faults --seed " << seed << " " << GetParam() << ": "
                  << first.failures[0].what;
  }
  PoisonFreshFrames(std::nullopt);
}

TEST_P(UnderFaults, SomethingReallyHappens) {
  const LoadedScenario scenario = LoadScenarioOrDie(GetParam());
  // Faults are drawn for the hosts that run the MTA; where there is none they would prove nothing.
  const auto& hosts = scenario.scenario.world().host();
  if (std::none_of(hosts.begin(), hosts.end(), [](const auto& host) { return host.has_mta(); })) {
    return;
  }
  int struck = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const RunResult result =
        RunWith(scenario, {.seed = seed, .keep_trace = TraceLog::Keep::kReadable, .faults = true});
    struck += absl::StrContains(result.trace_text, "  fault  ") ||
              absl::StrContains(result.trace_text, "  crash");
  }
  EXPECT_GE(struck, 5) << "of 20 seeds";
}

INSTANTIATE_TEST_SUITE_P(All, UnderFaults, ::testing::ValuesIn(AllScenarios()),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) c = isalnum(c) != 0 ? c : '_';
                           return name;
                         });

TEST(Canary, IsFoundWithinAThousandSeeds) {
  const LoadedScenario scenario = LoadScenarioOrDie("scenarios/first/delivered.textproto");
  for (uint64_t seed = 1; seed <= kCanarySeeds; ++seed) {
    const RunResult result = RunWith(scenario, {.seed = seed, .faults = true, .canary = true});
    if (result.held()) continue;
    EXPECT_TRUE(absl::StrContains(result.failures[0].what, "is lost")) << result.failures[0].what;
    // It is the planted defect, and no other: without it the same seed holds.
    EXPECT_TRUE(RunWith(scenario, {.seed = seed, .faults = true}).held()) << "seed " << seed;
    return;
  }
  FAIL() << "not found";
}

TEST(Canary, DoesNothingWithoutACrash) {
  const LoadedScenario scenario = LoadScenarioOrDie("scenarios/first/delivered.textproto");
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_TRUE(RunWith(scenario, {.seed = seed, .canary = true}).held()) << "seed " << seed;
  }
}

TEST(ProbeSites, AreThoseOfTheSources) {
  const std::vector<absl::string_view> sites = ProbeSites();
  EXPECT_TRUE(std::is_sorted(sites.begin(), sites.end()));
  EXPECT_TRUE(std::count(sites.begin(), sites.end(), "queue: orphan removed") == 1);
  EXPECT_TRUE(std::count(sites.begin(), sites.end(), "mail.local: dot lock was stale") == 1);
  // The examples in the header's comment are none.
  EXPECT_EQ(std::count(sites.begin(), sites.end(), "dot-lock was stale"), 0);
  CampaignTally tally;
  tally.probes = {"queue: orphan removed"};
  EXPECT_EQ(tally.NeverReached().size(), sites.size() - 1);
}

TEST(SeedResult, SurvivesALine) {
  const std::string hash = "0123456789abcdef0123456789abcdef";
  const SeedResult failed = {7, hash, 42, {{"f:1", "a\tb\nc"}, {"f:2", "\xff"}}};
  const std::string line = FormatSeedResult(failed);
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 0);
  const auto parsed = ParseSeedResult(line);
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(FormatSeedResult(*parsed), line);
  EXPECT_EQ(parsed->failures[0].what, "a\tb\nc");
  EXPECT_TRUE(ParseSeedResult(FormatSeedResult({9, hash, 1, {}}))->held());
  for (const std::string& wrong :
       std::vector<std::string>{"", "7", "7 held x 1", "7 failed " + hash + " 42",
                                "7 held " + hash + " 42\tf:1\twhat", "x held " + hash + " 42"}) {
    EXPECT_FALSE(ParseSeedResult(wrong).ok()) << wrong;
  }
}

TEST(Tally, KeepsTheLowestSeedsThatFailed) {
  const std::string hash = "0123456789abcdef0123456789abcdef";
  ScenarioTally tally;
  for (uint64_t seed = 100; seed > 0; --seed) tally.Add({seed, hash, 2, {{"f:1", "broken"}}});
  tally.Add({101, hash, 2, {}});
  EXPECT_EQ(tally.held, 1u);
  EXPECT_EQ(tally.failed, 100u);
  EXPECT_EQ(tally.events, 202u);
  EXPECT_EQ(tally.hashes.size(), 1u);
  ASSERT_EQ(tally.failures.size(), ScenarioTally::kKeptFailures);
  EXPECT_EQ(tally.failures.begin()->first, 1u);
  EXPECT_EQ(tally.failures.rbegin()->first, ScenarioTally::kKeptFailures);
}

}  // namespace
}  // namespace stagepost
