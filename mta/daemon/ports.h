// The daemon's sockets. Operations Guide, 5.6, "DaemonPortOptions".
#ifndef STAGEPOST_MTA_DAEMON_PORTS_H_
#define STAGEPOST_MTA_DAEMON_PORTS_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "mta/async/task.h"
#include "mta/cf/options.h"
#include "mta/cf/port_options.h"
#include "mta/daemon/reporter.h"
#include "mta/env/environment.h"
#include "mta/env/network.h"

namespace stagepost {

inline constexpr uint16_t kSmtpPort = 25;

// A port with the socket that listens on it.
struct OpenPort {
  PortOptions options;
  std::unique_ptr<Listener> listener;
};

// The ports that a daemon listens on: those of DaemonPortOptions, else port 25 of all addresses.
std::vector<PortOptions> PortsOf(const Options& options);

// Binds all of them, trying again as sendmail does (every 5 seconds, 10 times); each failure is
// reported in its words. The error is that of the last try. One that need not open (Modify=O) may
// be missing.
Task<absl::StatusOr<std::vector<OpenPort>>> OpenPorts(Environment& env,
                                                      std::vector<PortOptions> ports,
                                                      Reporter& reporter);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_PORTS_H_
