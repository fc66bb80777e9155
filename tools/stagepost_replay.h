// `stagepost replay`: runs scenarios and reports.
#ifndef STAGEPOST_TOOLS_STAGEPOST_REPLAY_H_
#define STAGEPOST_TOOLS_STAGEPOST_REPLAY_H_

#include <string>

#include "tools/stagepost_command.h"
#include "tools/stagepost_options.h"

namespace stagepost {

// `program`: the name that replay commands begin with. Gives the exit status.
int RunReplay(const std::string& program, const ReplayOptions& options,
              const StagepostContext& context);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_STAGEPOST_REPLAY_H_
