// Reading the configuration as a program does it: with what the command line sets, and with its
// faults told to whoever started it and to the log.
#ifndef STAGEPOST_MTA_DAEMON_LOAD_SITE_H_
#define STAGEPOST_MTA_DAEMON_LOAD_SITE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "mta/async/task.h"
#include "mta/daemon/reporter.h"
#include "mta/daemon/settings.h"
#include "mta/env/environment.h"
#include "mta/queue/queue_layout.h"
#include "mta/site/site.h"

namespace stagepost {

// Loads what `settings` name. Prints its diagnostics where sendmail prints them, logs its errors,
// warns that others may write the file, and logs for a daemon what is set and not implemented.
Task<LoadedSite> LoadAndReport(Environment& env, const Settings& settings, Reporter& reporter);

// The same for a daemon that serves already: nothing is printed. A site with errors is not given.
Task<LoadedSite> LoadAgain(Environment& env, const Settings& settings, Reporter& reporter);

// MakeQueueLayout() on this host, on which the default of QueueLA and the TrustedUser depend.
absl::StatusOr<QueueLayout> QueueLayoutOf(Environment& env, const Configuration& configuration,
                                          std::vector<std::string>& warnings);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_LOAD_SITE_H_
