// What `stagepost campaign` says: text for people, JSON for programs. docs/stagepost.md describes
// both.
#ifndef STAGEPOST_TOOLS_STAGEPOST_CAMPAIGN_REPORT_H_
#define STAGEPOST_TOOLS_STAGEPOST_CAMPAIGN_REPORT_H_

#include <string>

#include "absl/time/time.h"
#include "sim/campaign/tally.h"
#include "tools/stagepost_campaign_options.h"

namespace stagepost {

// The command that runs a seed again.
std::string CampaignReplayCommand(const std::string& program, const CampaignOptions& options,
                                  const std::string& file, uint64_t seed);

// The seed that found the planted defect: a message was lost. Null: not found.
struct CanaryFound {
  const ScenarioTally* scenario = nullptr;
  const SeedResult* result = nullptr;
};
CanaryFound FindCanary(const CampaignTally& tally);

std::string CampaignText(const std::string& program, const CampaignOptions& options,
                         const CampaignTally& tally, absl::Duration real_time);
std::string CampaignJson(const std::string& program, const CampaignOptions& options,
                         const CampaignTally& tally, absl::Duration real_time);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_STAGEPOST_CAMPAIGN_REPORT_H_
