// The daemon: listeners, their sessions, the deliveries they cause, and queue runs, in one process.
//
//   accept tasks --(connection)--> sessions --(queue id)--> deliveries
//                                                 queue runs --^
//
// Ends on SIGTERM or SIGINT: no more connections, idle sessions are told 421, whoever is inside a
// message or a delivery gets kShutdownGrace, then everything has been joined. On SIGHUP the class
// files are read again; new sessions use them, running ones keep theirs.
#ifndef STAGEPOST_MTA_DAEMON_DAEMON_H_
#define STAGEPOST_MTA_DAEMON_DAEMON_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mta/async/task.h"
#include "mta/daemon/settings.h"
#include "mta/env/environment.h"
#include "mta/env/network.h"
#include "mta/queue/queue.h"
#include "mta/smtp/local_acceptance.h"

namespace stagepost {

// A daemon's port with the socket that listens on it.
struct OpenPort {
  DaemonPort port;
  std::unique_ptr<Listener> listener;
};

// The local mailer of `settings`, for the addresses that `classes` call ours. `env` outlives it.
LocalMailer LocalMailerFor(Environment& env, const Settings& settings,
                           std::shared_ptr<const HostClasses> classes);

// Binds all ports, trying again as sendmail does (every 5 seconds, 10 times); each failure is
// logged in its words. The error is that of the last try.
Task<absl::StatusOr<std::vector<OpenPort>>> OpenPorts(Environment& env, const Settings& settings);

// Serves until the process is told to end.
Task<absl::Status> RunDaemon(Environment& env, const Settings& settings, Queue& queue,
                             HostClasses classes, std::vector<OpenPort> ports);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_DAEMON_H_
