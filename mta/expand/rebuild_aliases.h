// newaliases, sendmail -bi: makes the database of each alias file anew. Operations Guide, 4.2;
// newaliases(1). Reports and errors are sendmail's, word for word.
#ifndef STAGEPOST_MTA_EXPAND_REBUILD_ALIASES_H_
#define STAGEPOST_MTA_EXPAND_REBUILD_ALIASES_H_

#include "mta/async/task.h"
#include "mta/site/site.h"

namespace stagepost {

// Prints to the process's standard output, logs, and gives the exit code. An old database stays in
// use until its successor is complete.
Task<int> RebuildAliases(Site& site);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_EXPAND_REBUILD_ALIASES_H_
