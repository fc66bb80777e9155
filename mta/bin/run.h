// One run of the sendmail program once its configuration has been read: what its modes work with.
#ifndef STAGEPOST_MTA_BIN_RUN_H_
#define STAGEPOST_MTA_BIN_RUN_H_

#include <memory>

#include "mta/async/task.h"
#include "mta/cf/options.h"
#include "mta/daemon/reporter.h"
#include "mta/daemon/settings.h"
#include "mta/env/environment.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"

namespace stagepost {

// What is referred to outlives it.
struct Run {
  Environment& env;
  const Settings& settings;
  Arguments command_line;
  std::shared_ptr<Site> site;
  Reporter& reporter;

  const Options& options() const { return site->configuration().options; }
};

// The queue of the site, in whose directory the process then stands; null: it cannot be used, and
// that has been said.
Task<std::unique_ptr<Queue>> OpenQueueOf(Run& run);

// Takes on RunAsUser; false: it cannot, and that has been said.
Task<bool> DropPrivileges(Run& run);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_RUN_H_
