#include "mta/daemon/daemon.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/async/semaphore.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/base/version.h"
#include "mta/daemon/class_file.h"
#include "mta/deliver/deliver.h"
#include "mta/smtp/server_session.h"

namespace stagepost {
namespace {

// sendmail's MAXOPENTRIES and the pause between them.
constexpr int kBindAttempts = 10;
constexpr absl::Duration kBindPause = absl::Seconds(5);

// After an error of accept(2): descriptors have run out, and will come back.
constexpr absl::Duration kAcceptPause = absl::Seconds(5);

// Accepted messages whose delivery waits its turn; those beyond wait in the queue for its next run.
constexpr size_t kMaxWaitingDeliveries = 10'000;

class Daemon final : public AcceptedMessages {
 public:
  Daemon(Environment& env, const Settings& settings, Queue& queue, HostClasses classes,
         TaskContext& context)
      : env_(env),
        settings_(settings),
        queue_(queue),
        classes_(std::make_shared<const HostClasses>(std::move(classes))),
        permits_(kMaxDeliveries),
        deliveries_(context, "deliveries", TaskScope::Policy::kSupervise, kMaxWaitingDeliveries),
        sessions_(context, "sessions", TaskScope::Policy::kSupervise, kMaxSessions),
        services_(context, "services", TaskScope::Policy::kSupervise, kMaxSessions) {}

  Task<absl::Status> Run(std::vector<OpenPort>& ports);
  void OnAccepted(const std::string& id) override;

 private:
  static Task<absl::Status> AcceptLoop(Daemon& self, OpenPort& port);
  static Task<absl::Status> QueueRunLoop(Daemon& self);
  static Task<absl::Status> ServeClient(Daemon& self, std::unique_ptr<Connection> connection,
                                        std::string port_name, int64_t number,
                                        std::shared_ptr<const HostClasses> classes);
  static Task<absl::Status> Deliver(Daemon& self, std::string id);

  Task<absl::Status> HandleSignals();
  Task<absl::Status> RereadClasses();
  Task<absl::Status> RefuseClient(Connection& connection);
  int SessionLimit() const {
    return settings_.max_children > 0 ? std::min(settings_.max_children, kMaxSessions)
                                      : kMaxSessions;
  }
  LocalMailer Mailer() const;
  void LogStatus(Severity severity, absl::string_view what, const absl::Status& status) {
    env_.log().Write(severity, absl::StrCat("NOQUEUE: ", what, ": ", status.message()));
  }

  Environment& env_;
  const Settings& settings_;
  Queue& queue_;
  std::shared_ptr<const HostClasses> classes_;
  int64_t next_session_ = 1;
  Semaphore permits_;
  TaskScope deliveries_;
  TaskScope sessions_;
  TaskScope services_;  // accept and queue run loops
};

Task<absl::Status> Daemon::Run(std::vector<OpenPort>& ports) {
  for (OpenPort& port : ports) {
    CO_RETURN_IF_ERROR(services_.Spawn(&AcceptLoop, std::ref(*this), std::ref(port)));
  }
  if (settings_.queue_interval.has_value()) {
    CO_RETURN_IF_ERROR(services_.Spawn(&QueueRunLoop, std::ref(*this)));
  }
  env_.process().SetTitle("accepting connections");
  const absl::Status status = co_await HandleSignals();
  env_.log().Write(Severity::kInfo, "stopping daemon, reason=signal");

  // From the outside in: what is stopped first cannot make new work for what is stopped later.
  services_.RequestStop();
  (void)co_await services_.Join();
  ports.clear();
  sessions_.RequestStop();
  (void)co_await sessions_.Join();
  deliveries_.RequestStop();
  (void)co_await deliveries_.Join();
  co_return status;
}

Task<absl::Status> Daemon::HandleSignals() {
  while (true) {
    const absl::StatusOr<Signal> signal = co_await env_.process().NextSignal();
    if (!signal.ok()) {
      // Whoever runs us as a task asks to stop this way.
      co_return absl::IsCancelled(signal.status()) ? absl::OkStatus() : signal.status();
    }
    if (*signal == Signal::kTerminate || *signal == Signal::kInterrupt) {
      co_return absl::OkStatus();
    }
    if (*signal != Signal::kHangup) continue;
    if (const absl::Status status = co_await RereadClasses(); !status.ok()) {
      LogStatus(Severity::kCritical, "SYSERR(root)", status);
    }
  }
}

Task<absl::Status> Daemon::RereadClasses() {
  CO_ASSIGN_OR_RETURN(HostClasses classes, co_await ReadHostClasses(env_, settings_));
  classes_ = std::make_shared<const HostClasses>(std::move(classes));
  env_.log().Write(Severity::kInfo, "class files read again after SIGHUP");
  co_return absl::OkStatus();
}

LocalMailer Daemon::Mailer() const { return LocalMailerFor(env_, settings_, classes_); }

Task<absl::Status> Daemon::AcceptLoop(Daemon& self, OpenPort& port) {
  while (true) {
    absl::StatusOr<std::unique_ptr<Connection>> connection = co_await port.listener->Accept();
    if (absl::IsCancelled(connection.status())) co_return absl::OkStatus();
    if (!connection.ok()) {
      self.LogStatus(Severity::kCritical, "SYSERR(root): getrequests: accept", connection.status());
      CO_RETURN_IF_ERROR(co_await Sleep(kAcceptPause));
      continue;
    }
    if (static_cast<int>(self.sessions_.live()) >= self.SessionLimit()) {
      // The client may be deaf; the next one is not made to wait for that.
      (void)co_await WithDeadline(self.env_.clock().MonotonicNow() + kFarewellGrace,
                                  self.RefuseClient(**connection));
      continue;
    }
    CO_RETURN_IF_ERROR(self.sessions_.Spawn(&ServeClient, std::ref(self), *std::move(connection),
                                            port.port.name, self.next_session_++, self.classes_));
  }
}

Task<absl::Status> Daemon::RefuseClient(Connection& connection) {
  env_.log().Write(Severity::kNotice,
                   absl::StrCat("rejecting connections on daemon MTA: ", sessions_.live(),
                                " children, max ", SessionLimit()));
  const Reply reply(421, "4.3.2", absl::StrCat(env_.host().name(), " Too many open connections."));
  const std::string text = reply.Format();
  co_return co_await WriteAll(connection, text);
}

Task<absl::Status> Daemon::ServeClient(Daemon& self, std::unique_ptr<Connection> connection,
                                       std::string port_name, int64_t number,
                                       std::shared_ptr<const HostClasses> classes) {
  SessionSettings settings;
  settings.host_name = self.env_.host().name();
  settings.version = std::string(kVersion);
  settings.daemon_name = std::move(port_name);
  settings.max_message_bytes = self.settings_.max_message_bytes;
  settings.timeouts = self.settings_.timeouts;
  LocalAcceptance acceptance(*classes, self.env_.accounts());
  const SessionContext context = {self.env_, settings, acceptance, self.queue_, self};
  co_return co_await RunServerSession(context, std::move(connection), number);
}

void Daemon::OnAccepted(const std::string& id) {
  const absl::Status status = deliveries_.Spawn(&Deliver, std::ref(*this), id);
  if (!status.ok()) {
    env_.log().Write(Severity::kNotice, absl::StrCat(id, ": queued: ", status.message()));
  }
}

Task<absl::Status> Daemon::Deliver(Daemon& self, std::string id) {
  CO_ASSIGN_OR_RETURN(const Semaphore::Permit permit, co_await self.permits_.Acquire());
  if (self.env_.probes().Buggify("daemon: a delivery starts late")) {
    CO_RETURN_IF_ERROR(co_await Sleep(absl::Seconds(90)));
  }
  // A delivery that is cut off in the middle may be made twice; it gets time to end.
  const absl::Status status =
      co_await Shield(kShutdownGrace, DeliverMessage(self.env_, self.queue_, self.Mailer(), id));
  if (!status.ok()) {
    self.env_.log().Write(Severity::kCritical, absl::StrCat(id, ": SYSERR: ", status.message()));
  }
  co_return status;
}

Task<absl::Status> Daemon::QueueRunLoop(Daemon& self) {
  while (true) {
    const absl::Status status =
        co_await Shield(kShutdownGrace, RunQueue(self.env_, self.queue_, self.Mailer()));
    if (!status.ok()) self.LogStatus(Severity::kCritical, "SYSERR: runqueue", status);
    if (!(co_await Sleep(*self.settings_.queue_interval)).ok()) co_return absl::OkStatus();
  }
}

// Binds one port; logs as sendmail does.
absl::StatusOr<OpenPort> OpenOnePort(Environment& env, const DaemonPort& port) {
  ListenOptions options;
  options.address = port.address;
  absl::StatusOr<std::unique_ptr<Listener>> listener = env.network().Listen(options);
  if (!listener.ok()) {
    const Errno error = ErrnoOf(listener.status());
    env.log().Write(
        Severity::kCritical,
        absl::StrCat("NOQUEUE: SYSERR(root): opendaemonsocket: daemon ", port.name,
                     ": cannot bind: ",
                     error == Errno::kOk ? listener.status().message() : ErrnoText(error)));
    return listener.status();
  }
  return OpenPort{port, *std::move(listener)};
}

}  // namespace

LocalMailer LocalMailerFor(Environment& env, const Settings& settings,
                           std::shared_ptr<const HostClasses> classes) {
  LocalMailer mailer = settings.local_mailer;
  mailer.host_name = env.host().name();
  mailer.user_of = [&env, classes = std::move(classes)](absl::string_view address) {
    return LocalAcceptance(*classes, env.accounts()).UserOf(address);
  };
  return mailer;
}

Task<absl::StatusOr<std::vector<OpenPort>>> OpenPorts(Environment& env, const Settings& settings) {
  std::vector<OpenPort> open;
  for (const DaemonPort& port : settings.ports) {
    for (int attempt = 1;; ++attempt) {
      absl::StatusOr<OpenPort> opened = OpenOnePort(env, port);
      if (opened.ok()) {
        open.push_back(*std::move(opened));
        break;
      }
      env.log().Write(Severity::kAlert,
                      absl::StrCat("daemon ", port.name, ": problem creating SMTP socket"));
      if (attempt == kBindAttempts) {
        env.log().Write(Severity::kCritical,
                        absl::StrCat("NOQUEUE: SYSERR(root): opendaemonsocket: daemon ", port.name,
                                     ": server SMTP socket wedged: exiting"));
        co_return opened.status();
      }
      CO_RETURN_IF_ERROR(co_await Sleep(kBindPause));
    }
  }
  co_return open;
}

Task<absl::Status> RunDaemon(Environment& env, const Settings& settings, Queue& queue,
                             HostClasses classes, std::vector<OpenPort> ports) {
  Daemon self(env, settings, queue, std::move(classes), co_await CurrentContext());
  co_return co_await self.Run(ports);
}

}  // namespace stagepost
