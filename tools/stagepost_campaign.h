// `stagepost campaign`: many seeds, in worker processes, each of them twice.
#ifndef STAGEPOST_TOOLS_STAGEPOST_CAMPAIGN_H_
#define STAGEPOST_TOOLS_STAGEPOST_CAMPAIGN_H_

#include <string>

#include "tools/stagepost_campaign_options.h"
#include "tools/stagepost_command.h"

namespace stagepost {

// `program`: the name that replay commands begin with. Gives the exit status.
int RunCampaign(const std::string& program, const CampaignOptions& options,
                const StagepostContext& context);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_STAGEPOST_CAMPAIGN_H_
