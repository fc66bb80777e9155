// The probes in the sources of the simulated programs (mta/env/probes.h), found by the build.
#ifndef STAGEPOST_SIM_CAMPAIGN_PROBE_SITES_H_
#define STAGEPOST_SIM_CAMPAIGN_PROBE_SITES_H_

#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

// The names of all Reached() and Buggify() sites, sorted.
std::vector<absl::string_view> ProbeSites();

}  // namespace stagepost

#endif  // STAGEPOST_SIM_CAMPAIGN_PROBE_SITES_H_
