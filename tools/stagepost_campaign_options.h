// The command line of `stagepost campaign`, and of the workers that it starts.
#ifndef STAGEPOST_TOOLS_STAGEPOST_CAMPAIGN_OPTIONS_H_
#define STAGEPOST_TOOLS_STAGEPOST_CAMPAIGN_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace stagepost {

struct CampaignOptions {
  uint64_t first_seed = 1;
  uint64_t last_seed = 1000;  // inclusive
  int jobs = 1;
  std::optional<absl::Duration> time_limit;
  std::string resume_file;  // empty: none
  bool check_determinism = true;
  bool faults = false;
  bool canary = false;  // implies faults
  bool json = false;
  bool help = false;
  std::vector<std::string> arguments;  // FILE, DIR, DIR/...; at least one unless help
};

inline constexpr int kMaxCampaignJobs = 256;

// `words` are those after "campaign". kInvalidArgument: one line, for a user.
absl::StatusOr<CampaignOptions> ParseCampaignOptions(const std::vector<std::string>& words);

absl::string_view CampaignHelp();

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_STAGEPOST_CAMPAIGN_OPTIONS_H_
