#include "sim/campaign/tally.h"

#include <iterator>

#include "sim/campaign/probe_sites.h"

namespace stagepost {

void ScenarioTally::Add(const SeedResult& result) {
  ++(result.held() ? held : failed);
  events += result.events;
  hashes.insert(result.hash);
  if (result.held()) return;
  failures.emplace(result.seed, result);
  if (failures.size() > kKeptFailures) failures.erase(std::prev(failures.end()));
}

uint64_t CampaignTally::held() const {
  uint64_t sum = 0;
  for (const ScenarioTally& scenario : scenarios) sum += scenario.held;
  return sum;
}

uint64_t CampaignTally::failed() const {
  uint64_t sum = 0;
  for (const ScenarioTally& scenario : scenarios) sum += scenario.failed;
  return sum;
}

uint64_t CampaignTally::differences() const {
  uint64_t sum = 0;
  for (const ScenarioTally& scenario : scenarios) sum += scenario.differences.size();
  return sum;
}

std::vector<std::string> CampaignTally::NeverReached() const {
  std::vector<std::string> never;
  for (const absl::string_view site : ProbeSites()) {
    if (!probes.contains(std::string(site))) never.emplace_back(site);
  }
  return never;
}

}  // namespace stagepost
