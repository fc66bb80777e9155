// sendmail -bd, -bD and -q: from a loaded site to a daemon that serves, or to one queue run.
#ifndef STAGEPOST_MTA_BIN_START_DAEMON_H_
#define STAGEPOST_MTA_BIN_START_DAEMON_H_

#include "mta/async/task.h"
#include "mta/bin/run.h"

namespace stagepost {

// -bd, -bD, and -q with an interval but without them. Gives the exit code. REQUIRES: whoever asks
// for it may do so.
Task<int> StartDaemon(Run& run);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_START_DAEMON_H_
