// `stagepost map get|list|check FILE`: looks into the databases that sendmail's maps read.
// docs/stagepost.md.
#ifndef STAGEPOST_TOOLS_STAGEPOST_MAP_H_
#define STAGEPOST_TOOLS_STAGEPOST_MAP_H_

#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

// The program; `arguments` begin with "map" itself. 0: found, or nothing wrong; 1: not found, or
// something is; 64, 65 (damaged, or no database), 66 (cannot be opened), 74.
Task<int> MapMain(Environment& env, Arguments arguments);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_STAGEPOST_MAP_H_
