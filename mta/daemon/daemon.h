// The daemon: listeners, their sessions, the deliveries they cause, and queue runs, in one process.
//
//   accept tasks --(connection)--> sessions --(queue id)--> deliveries
//                                                 queue runs --^
//
// Ends on SIGTERM or SIGINT: no more connections, idle sessions are told 421, whoever is inside a
// message or a delivery gets kShutdownGrace, then everything has been joined. On SIGHUP the
// configuration is read again: new sessions and deliveries use it, running ones keep theirs; a file
// with errors changes nothing. What the queue is like changes for all of them, and the interval of
// a queue group with its next run; what would need a restart (ChangeLayout(), RunAsUser, PidFile)
// is logged.
#ifndef STAGEPOST_MTA_DAEMON_DAEMON_H_
#define STAGEPOST_MTA_DAEMON_DAEMON_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "mta/async/task.h"
#include "mta/daemon/ports.h"
#include "mta/daemon/reporter.h"
#include "mta/daemon/settings.h"
#include "mta/env/environment.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"

namespace stagepost {

// Everything that is referred to outlives the daemon.
struct DaemonContext {
  Environment& env;
  const Settings& settings;
  std::shared_ptr<Site> site;
  Queue& queue;
  Reporter& reporter;
};

// Serves until the process is told to end. Without ports it only runs the queue.
Task<absl::Status> RunDaemon(DaemonContext context, std::vector<OpenPort> ports);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_DAEMON_H_
