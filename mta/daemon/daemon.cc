#include "mta/daemon/daemon.h"

#include <functional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/version.h"
#include "mta/cf/names.h"
#include "mta/daemon/deliveries.h"
#include "mta/daemon/listener.h"
#include "mta/daemon/load_site.h"
#include "mta/daemon/time_interval.h"
#include "mta/deliver/deliver.h"
#include "mta/smtp/server_session.h"

namespace stagepost {
namespace {

absl::Duration TimeoutOf(const Options& options, TimeoutId id) {
  const absl::Duration timeout = options.timeout(id);
  // 0 is sendmail's way to say: no limit.
  return timeout <= absl::ZeroDuration() ? absl::InfiniteDuration() : timeout;
}

class Daemon final : public ConnectionHandler {
 public:
  Daemon(DaemonContext context, std::vector<OpenPort> ports, TaskContext& tasks)
      : env_(context.env),
        settings_(context.settings),
        current_{std::move(context.site)},
        queue_(context.queue),
        reporter_(context.reporter),
        has_ports_(!ports.empty()),
        deliveries_(context.env, current_, context.queue, tasks),
        listeners_(context.env, *this, context.reporter, std::move(ports), tasks),
        services_(tasks, "services", TaskScope::Policy::kSupervise, kMaxServices) {}

  Task<absl::Status> Run();

  Task<absl::Status> Serve(std::unique_ptr<Connection> connection, const PortOptions& port,
                           int64_t number) override;
  const Options& options() const override { return current_.site->configuration().options; }
  void SetTitle(absl::string_view title) override;

 private:
  static constexpr size_t kMaxServices = 2;

  static Task<absl::Status> Listen(Daemon& self);
  static Task<absl::Status> RunQueueAtIntervals(Daemon& self);

  Task<absl::Status> HandleSignals();
  Task<void> Reload();

  Environment& env_;
  const Settings& settings_;
  CurrentSite current_;
  Queue& queue_;
  Reporter& reporter_;
  const bool has_ports_;
  Deliveries deliveries_;
  Listeners listeners_;
  TaskScope services_;  // listening, queue runs
  absl::Status listened_;
};

void Daemon::SetTitle(absl::string_view title) {
  const std::string& prefix = options().Text(OptionId::kProcessTitlePrefix);
  env_.process().SetTitle(prefix.empty() ? std::string(title) : absl::StrCat(prefix, ": ", title));
}

Task<absl::Status> Daemon::Run() {
  absl::Status status;
  if (has_ports_) status = services_.Spawn(&Listen, std::ref(*this));
  if (status.ok() && settings_.queue.interval.has_value()) {
    status = services_.Spawn(&RunQueueAtIntervals, std::ref(*this));
  }
  if (status.ok()) status = co_await HandleSignals();
  env_.log().Write(Severity::kInfo, "stopping daemon, reason=signal");

  // From the outside in: what is stopped first cannot make new work for what is stopped later.
  services_.RequestStop();
  (void)co_await services_.Join();
  co_await listeners_.EndSessions();
  co_await deliveries_.End();
  co_return status.ok() ? listened_ : status;
}

Task<absl::Status> Daemon::Listen(Daemon& self) {
  self.listened_ = co_await self.listeners_.Run();
  co_return self.listened_;
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
    if (*signal == Signal::kHangup) co_await Reload();
  }
}

Task<void> Daemon::Reload() {
  env_.log().Write(Severity::kInfo, absl::StrCat("restarting ", settings_.path, " due to signal"));
  LoadedSite loaded = co_await LoadAgain(env_, settings_, reporter_);
  if (loaded.site == nullptr) {
    env_.log().Write(Severity::kCritical, "the configuration has errors: the old one stays");
    co_return;
  }
  current_.site = std::move(loaded.site);
}

Task<absl::Status> Daemon::Serve(std::unique_ptr<Connection> connection, const PortOptions& port,
                                 int64_t number) {
  const std::shared_ptr<Site> site = current_.site;
  const Options& options = site->configuration().options;
  SessionSettings settings;
  settings.host_name = env_.host().name();
  settings.version = std::string(kVersion);
  settings.daemon_name = port.name;
  settings.max_message_bytes = options.Number(OptionId::kMaxMessageSize);
  settings.timeouts.command = TimeoutOf(options, TimeoutId::kCommand);
  settings.timeouts.data_block = TimeoutOf(options, TimeoutId::kDataBlock);
  const HostClasses classes = ClassesOf(*site);
  LocalAcceptance acceptance(classes, env_.accounts());
  const SessionContext context = {env_, settings, acceptance, queue_, deliveries_};
  co_return co_await RunServerSession(context, std::move(connection), number);
}

Task<absl::Status> Daemon::RunQueueAtIntervals(Daemon& self) {
  const absl::Duration interval = *self.settings_.queue.interval;
  if (!self.has_ports_) {
    self.SetTitle(absl::StrCat("Queue runner@", FormatInterval(interval), " for ",
                               self.options().Text(OptionId::kQueueDirectory)));
  }
  while (true) {
    co_await self.deliveries_.RunTheQueue();
    if (!(co_await Sleep(interval)).ok()) co_return absl::OkStatus();
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
  Daemon self(std::move(context), std::move(ports), co_await CurrentContext());
  co_return co_await self.Run();
}

}  // namespace stagepost
