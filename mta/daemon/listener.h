// The accept side of the daemon: its open ports, and what closes them for a time. Operations Guide,
// 4.4 (Load Limiting) and 5.6 (DaemonPortOptions, RefuseLA, DelayLA, MaxDaemonChildren,
// ConnectionRateThrottle, RejectLogInterval).
//
//   Listeners listeners(env, handler, reporter, std::move(ports), co_await CurrentContext());
//   status = co_await listeners.Run();   // until asked to stop: then the sockets are closed
//   co_await listeners.EndSessions();
//
// A port that takes nobody has no socket, so that clients are refused at once and go on to the next
// MX host: while the load average is at RefuseLA, or as many sessions run as MaxDaemonChildren
// (all ports) or children= (this one) allow. That is looked at with every connection and every
// five seconds; a closed port is looked at again after fifteen. A daemon that could not open a port
// again, as it is not root any more, leaves clients in the backlog instead.
//
// On a port with Modify=s nobody can be served: TLS is not there.
#ifndef STAGEPOST_MTA_DAEMON_LISTENER_H_
#define STAGEPOST_MTA_DAEMON_LISTENER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/async/doorbell.h"
#include "mta/async/scope.h"
#include "mta/async/task.h"
#include "mta/cf/options.h"
#include "mta/cf/port_options.h"
#include "mta/daemon/ports.h"
#include "mta/daemon/reporter.h"
#include "mta/env/environment.h"
#include "mta/env/network.h"
#include "mta/policy/connection_rate.h"
#include "mta/policy/load_limits.h"

namespace stagepost {

// Sessions at a time when MaxDaemonChildren does not say less: a process has that many descriptors.
inline constexpr int kMaxSessions = 1000;

// Who serves the clients; outlives the listeners.
class ConnectionHandler {
 public:
  virtual ~ConnectionHandler() = default;
  // Serves one connection to its end. `port` outlives it. An error is this connection's own.
  virtual Task<absl::Status> Serve(std::unique_ptr<Connection> connection, const PortOptions& port,
                                   int64_t number) = 0;
  // As the configuration is now; valid until the next await.
  virtual const Options& options() const = 0;
  // What the process list is to show: "accepting connections".
  virtual void SetTitle(absl::string_view title) = 0;
};

class Listeners {
 public:
  // Sessions and accept tasks inherit from `tasks`. What is referred to outlives this.
  Listeners(Environment& env, ConnectionHandler& handler, Reporter& reporter,
            std::vector<OpenPort> ports, TaskContext& tasks);
  ~Listeners();

  // Accepts connections until asked to stop, which is OK. An error: a port could not be opened
  // again; then as after a stop no port is open.
  Task<absl::Status> Run();

  // Asks for these ports instead: sockets that stay the same stay open, with their new options for
  // new connections. Where one can not be opened, what there is stays, and that is reported.
  void Reconfigure(std::vector<PortOptions> ports);

  // Asks the sessions to stop, and waits for their end. Needed after Run().
  Task<void> EndSessions();

  int sessions() const { return static_cast<int>(sessions_.live()); }

 private:
  struct Port;
  enum class Reason { kNone, kLoad, kChildren };
  struct Refusal {
    Reason reason = Reason::kNone;
    std::string text;  // "load average: 31"
  };

  static Task<absl::Status> AcceptLoop(Listeners& self, Port& port);
  Task<absl::Status> AcceptUntilLimit(Port& port);
  static Task<absl::Status> ServeOne(Listeners& self, Port& port,
                                     std::unique_ptr<Connection> connection, int64_t number);

  Task<absl::Status> Watch();
  Task<absl::Status> TakeWanted();
  // Closes or opens the port as the limits ask for.
  Task<absl::Status> Attend(Port& port);
  Task<absl::Status> Resume(Port& port);
  Task<void> StopAccepting(Port& port);
  bool CanReopen(const Port& port) const;
  Refusal WhyRefuse(const Port& port) const;
  void LogRefusal(Port& port, const Refusal& refusal);
  // Waits a second above DelayLA. kCancelled: asked to stop.
  Task<absl::Status> DelayByLoad(const Port& port);
  LoadLimits LimitsOf(const Port& port) const;
  MonotonicTime Now() const { return env_.clock().MonotonicNow(); }
  void Log(Severity severity, absl::string_view text) { env_.log().Write(severity, text); }

  Environment& env_;
  ConnectionHandler& handler_;
  Reporter& reporter_;
  TaskContext& tasks_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::vector<std::unique_ptr<Port>> retired_;  // replaced, but sessions still refer to them
  std::optional<std::vector<PortOptions>> wanted_;
  Doorbell limit_reached_;
  std::optional<MonotonicTime> next_delay_log_;
  int64_t next_number_ = 1;
  TaskScope sessions_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_LISTENER_H_
