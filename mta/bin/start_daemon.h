// sendmail -bd, -bD and -q: from a loaded site to a daemon that serves, or to one queue run.
#ifndef STAGEPOST_MTA_BIN_START_DAEMON_H_
#define STAGEPOST_MTA_BIN_START_DAEMON_H_

#include <memory>

#include "mta/async/task.h"
#include "mta/daemon/reporter.h"
#include "mta/daemon/settings.h"
#include "mta/env/environment.h"
#include "mta/site/site.h"

namespace stagepost {

// -bd, -bD, and -q with an interval but without them. `command_line` is for the pid file. Gives the
// exit code. REQUIRES: whoever asks for it may do so.
Task<int> StartDaemon(Environment& env, const Settings& settings, Arguments command_line,
                      std::shared_ptr<Site> site, Reporter& reporter);

// -q: one run in the foreground.
Task<int> RunQueueOnce(Environment& env, const Settings& settings, std::shared_ptr<Site> site,
                       Reporter& reporter);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_START_DAEMON_H_
