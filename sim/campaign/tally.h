// What a campaign has found so far: scenario by scenario, and which probes were reached.
#ifndef STAGEPOST_SIM_CAMPAIGN_TALLY_H_
#define STAGEPOST_SIM_CAMPAIGN_TALLY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sim/campaign/seed_result.h"

namespace stagepost {

// Two runs of the same seed that were not the same.
struct HashDifference {
  uint64_t seed = 0;
  std::string first_hash, second_hash;
  std::string where;  // the first event that differs, with those around it; lines
};

struct ScenarioTally {
  static constexpr size_t kKeptFailures = 10;

  std::string name;
  std::string file;
  uint64_t held = 0;
  uint64_t failed = 0;
  uint64_t events = 0;  // of all seeds together
  std::set<std::string> hashes;
  std::map<uint64_t, SeedResult> failures;  // those of the lowest seeds
  std::vector<HashDifference> differences;

  uint64_t seeds() const { return held + failed; }
  void Add(const SeedResult& result);
};

struct CampaignTally {
  std::vector<ScenarioTally> scenarios;
  std::set<std::string> probes;  // reached, or fired
  bool interrupted = false;
  uint64_t left = 0;  // seeds, of all scenarios, that were not run

  uint64_t held() const;
  uint64_t failed() const;
  uint64_t differences() const;
  // Sites in the sources that are not among the probes; sorted.
  std::vector<std::string> NeverReached() const;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_CAMPAIGN_TALLY_H_
