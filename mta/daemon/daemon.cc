#include "mta/daemon/daemon.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/async/semaphore.h"
#include "mta/base/errno.h"
#include "mta/base/reply.h"
#include "mta/base/status_macros.h"
#include "mta/base/version.h"
#include "mta/cf/names.h"
#include "mta/daemon/load_site.h"
#include "mta/deliver/deliver.h"
#include "mta/smtp/server_session.h"

namespace stagepost {
namespace {

// After an error of accept(2): descriptors have run out, and will come back.
constexpr absl::Duration kAcceptPause = absl::Seconds(5);

// Accepted messages whose delivery waits its turn; those beyond wait in the queue for its next run.
constexpr size_t kMaxWaitingDeliveries = 10'000;

absl::Duration TimeoutOf(const Options& options, TimeoutId id) {
  const absl::Duration timeout = options.timeout(id);
  // 0 is sendmail's way to say: no limit.
  return timeout <= absl::ZeroDuration() ? absl::InfiniteDuration() : timeout;
}

class Daemon final : public AcceptedMessages {
 public:
  Daemon(DaemonContext context, TaskContext& tasks)
      : env_(context.env),
        settings_(context.settings),
        site_(std::move(context.site)),
        queue_(context.queue),
        reporter_(context.reporter),
        permits_(kMaxDeliveries),
        deliveries_(tasks, "deliveries", TaskScope::Policy::kSupervise, kMaxWaitingDeliveries),
        sessions_(tasks, "sessions", TaskScope::Policy::kSupervise, kMaxSessions),
        services_(tasks, "services", TaskScope::Policy::kSupervise, kMaxSessions) {}

  Task<absl::Status> Run(std::vector<OpenPort>& ports);
  void OnAccepted(const std::string& id) override;

 private:
  static Task<absl::Status> AcceptLoop(Daemon& self, OpenPort& port);
  static Task<absl::Status> QueueRunLoop(Daemon& self);
  static Task<absl::Status> ServeClient(Daemon& self, std::unique_ptr<Connection> connection,
                                        std::string port_name, int64_t number,
                                        std::shared_ptr<Site> site);
  static Task<absl::Status> Deliver(Daemon& self, std::string id);

  Task<absl::Status> HandleSignals();
  Task<void> Reload();
  Task<absl::Status> RefuseClient(Connection& connection);
  const Options& options() const { return site_->configuration().options; }
  int SessionLimit() const {
    const int64_t most = options().Number(OptionId::kMaxDaemonChildren);
    return most > 0 ? static_cast<int>(std::min<int64_t>(most, kMaxSessions)) : kMaxSessions;
  }
  void SetTitle(absl::string_view title);
  void LogStatus(Severity severity, absl::string_view what, const absl::Status& status) {
    env_.log().Write(severity, absl::StrCat("NOQUEUE: ", what, ": ", status.message()));
  }

  Environment& env_;
  const Settings& settings_;
  std::shared_ptr<Site> site_;
  Queue& queue_;
  Reporter& reporter_;
  int64_t next_session_ = 1;
  Semaphore permits_;
  TaskScope deliveries_;
  TaskScope sessions_;
  TaskScope services_;  // accept and queue run loops
};

void Daemon::SetTitle(absl::string_view title) {
  const std::string& prefix = options().Text(OptionId::kProcessTitlePrefix);
  env_.process().SetTitle(prefix.empty() ? std::string(title) : absl::StrCat(prefix, ": ", title));
}

Task<absl::Status> Daemon::Run(std::vector<OpenPort>& ports) {
  for (OpenPort& port : ports) {
    CO_RETURN_IF_ERROR(services_.Spawn(&AcceptLoop, std::ref(*this), std::ref(port)));
  }
  if (settings_.queue.interval.has_value()) {
    CO_RETURN_IF_ERROR(services_.Spawn(&QueueRunLoop, std::ref(*this)));
  }
  SetTitle(ports.empty() ? "Queue runner" : "accepting connections");
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
    co_await Reload();
  }
}

Task<void> Daemon::Reload() {
  env_.log().Write(Severity::kInfo, absl::StrCat("restarting ", settings_.path, " due to signal"));
  LoadedSite loaded = co_await LoadAgain(env_, settings_, reporter_);
  if (loaded.site == nullptr) {
    env_.log().Write(Severity::kCritical, "the configuration has errors: the old one stays");
    co_return;
  }
  site_ = std::move(loaded.site);
}

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
                                            port.options.name, self.next_session_++, self.site_));
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
                                       std::shared_ptr<Site> site) {
  const Options& options = site->configuration().options;
  SessionSettings settings;
  settings.host_name = self.env_.host().name();
  settings.version = std::string(kVersion);
  settings.daemon_name = std::move(port_name);
  settings.max_message_bytes = options.Number(OptionId::kMaxMessageSize);
  settings.timeouts.command = TimeoutOf(options, TimeoutId::kCommand);
  settings.timeouts.data_block = TimeoutOf(options, TimeoutId::kDataBlock);
  const HostClasses classes = ClassesOf(*site);
  LocalAcceptance acceptance(classes, self.env_.accounts());
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
  const absl::Status status = co_await Shield(
      kShutdownGrace, DeliverMessage(self.env_, self.queue_, LocalMailerFor(*self.site_), id));
  if (!status.ok()) {
    self.env_.log().Write(Severity::kCritical, absl::StrCat(id, ": SYSERR: ", status.message()));
  }
  co_return status;
}

Task<absl::Status> Daemon::QueueRunLoop(Daemon& self) {
  while (true) {
    const absl::Status status = co_await Shield(
        kShutdownGrace, RunQueue(self.env_, self.queue_, LocalMailerFor(*self.site_)));
    if (!status.ok()) self.LogStatus(Severity::kCritical, "SYSERR: runqueue", status);
    if (!(co_await Sleep(*self.settings_.queue.interval)).ok()) co_return absl::OkStatus();
  }
}

}  // namespace

HostClasses ClassesOf(Site& site) {
  HostClasses classes;
  const auto fill = [&](char name, std::set<std::string>& words) {
    for (const absl::string_view word :
         site.configuration().classes.Words(OneCharacterName(name))) {
      words.insert(absl::AsciiStrToLower(word));
    }
  };
  fill('w', classes.local);
  fill('R', classes.relay);
  classes.own_addresses = site.env().host().interface_addresses();
  return classes;
}

LocalMailer LocalMailerFor(Site& site) {
  LocalMailer mailer;
  mailer.host_name = site.env().host().name();
  auto classes = std::make_shared<const HostClasses>(ClassesOf(site));
  mailer.user_of = [&env = site.env(), classes = std::move(classes)](absl::string_view address) {
    return LocalAcceptance(*classes, env.accounts()).UserOf(address);
  };
  return mailer;
}

Task<absl::Status> RunDaemon(DaemonContext context, std::vector<OpenPort> ports) {
  Daemon self(std::move(context), co_await CurrentContext());
  co_return co_await self.Run(ports);
}

}  // namespace stagepost
