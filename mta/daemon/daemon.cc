#include "mta/daemon/daemon.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "mta/cf/option_table.h"
#include "mta/daemon/deliveries.h"
#include "mta/daemon/listener.h"
#include "mta/daemon/load_site.h"
#include "mta/daemon/time_interval.h"
#include "mta/policy/connection_counters.h"
#include "mta/smtp/server_session.h"

namespace stagepost {
namespace {

constexpr absl::Duration kPersistentRest = absl::Seconds(5);

class Daemon final : public ConnectionHandler, public SessionHost {
 public:
  Daemon(DaemonContext context, std::vector<OpenPort> ports, TaskContext& tasks)
      : env_(context.env),
        settings_(context.settings),
        current_{std::move(context.site)},
        queue_(context.queue),
        reporter_(context.reporter),
        has_ports_(!ports.empty()),
        counters_(context.env.clock(), options().Interval(OptionId::kConnectionRateWindowSize)),
        deliveries_(context.env, current_, context.queue, tasks, kProgramLinger),
        listeners_(context.env, *this, context.reporter, std::move(ports), tasks),
        services_(tasks, "services", TaskScope::Policy::kSupervise, kMaxServices) {}

  Task<absl::Status> Run();

  Task<absl::Status> Serve(std::unique_ptr<Connection> connection, const PortOptions& port,
                           int64_t number) override;
  Task<bool> StartQueueRun(std::string node) override {
    co_return co_await deliveries_.StartQueueRun(SelectionOfNode(node));
  }
  const Options& options() const override { return current_.site->configuration().options; }
  void SetTitle(absl::string_view title) override;

 private:
  // Signals, listening, and runs over the queue groups.
  static constexpr size_t kMaxServices = 1000;

  static Task<absl::Status> HandleSignals(Daemon& self);
  static Task<absl::Status> Listen(Daemon& self);
  // A queue group at its interval.
  static Task<absl::Status> RunGroupAtIntervals(Daemon& self, std::string group);
  absl::Status StartQueueRuns();

  Task<void> Reload();
  void SayOldStays();

  Environment& env_;
  const Settings& settings_;
  CurrentSite current_;
  Queue& queue_;
  Reporter& reporter_;
  const bool has_ports_;
  ConnectionCounters counters_;
  Deliveries deliveries_;
  Listeners listeners_;
  TaskScope services_;  // signals, listening, queue runs
  absl::Status served_;
};

void Daemon::SetTitle(absl::string_view title) {
  const std::string& prefix = options().Text(OptionId::kProcessTitlePrefix);
  env_.process().SetTitle(prefix.empty() ? std::string(title) : absl::StrCat(prefix, ": ", title));
}

Task<absl::Status> Daemon::Run() {
  absl::Status status = services_.Spawn(&HandleSignals, std::ref(*this));
  if (status.ok() && has_ports_) status = services_.Spawn(&Listen, std::ref(*this));
  if (status.ok() && settings_.queue.interval.has_value()) {
    status = StartQueueRuns();
  }
  if (!status.ok()) services_.RequestStop();
  (void)co_await services_.Join();
  env_.log().Write(Severity::kInfo, "stopping daemon, reason=signal");

  // From the outside in: what is stopped first cannot make new work for what is stopped later.
  co_await listeners_.EndSessions();
  co_await deliveries_.End();
  co_return status.ok() ? served_ : status;
}

// A daemon that can open its ports no more ends.
Task<absl::Status> Daemon::Listen(Daemon& self) {
  self.served_ = co_await self.listeners_.Run();
  if (!self.served_.ok()) self.services_.RequestStop();
  co_return self.served_;
}

Task<absl::Status> Daemon::HandleSignals(Daemon& self) {
  while (true) {
    const absl::StatusOr<Signal> signal = co_await self.env_.process().NextSignal();
    // Whoever runs us as a task asks to stop this way.
    if (absl::IsCancelled(signal.status())) co_return absl::OkStatus();
    if (!signal.ok()) self.served_ = signal.status();
    if (!signal.ok() || *signal == Signal::kTerminate || *signal == Signal::kInterrupt) {
      self.services_.RequestStop();
      co_return signal.status();
    }
    if (*signal == Signal::kHangup) co_await self.Reload();
  }
}

void Daemon::SayOldStays() {
  env_.log().Write(Severity::kCritical, "the configuration has errors: the old one stays");
}

Task<void> Daemon::Reload() {
  env_.log().Write(Severity::kInfo, absl::StrCat("restarting ", settings_.path, " due to signal"));
  LoadedSite loaded = co_await LoadAgain(env_, settings_, reporter_);
  if (loaded.site == nullptr) {
    SayOldStays();
    co_return;
  }
  std::vector<std::string> warnings;
  absl::StatusOr<QueueLayout> layout = QueueLayoutOf(env_, loaded.site->configuration(), warnings);
  if (!layout.ok()) {
    reporter_.LogSystemError(layout.status().message());
    SayOldStays();
    co_return;
  }
  std::vector<std::string> stay = queue_.ChangeLayout(*std::move(layout));
  const Options& wanted = loaded.site->configuration().options;
  for (const OptionId id : {OptionId::kRunAsUser, OptionId::kPidFile}) {
    if (wanted.Text(id) != options().Text(id)) stay.emplace_back(InfoOf(id).name);
  }
  for (const std::string& name : stay) {
    env_.log().Write(Severity::kWarning,
                     absl::StrCat(name, ": the change needs a restart of the daemon"));
  }
  current_.site = std::move(loaded.site);
  counters_.set_window(options().Interval(OptionId::kConnectionRateWindowSize));
  if (has_ports_) listeners_.Reconfigure(PortsOf(options()));
}

Task<absl::Status> Daemon::Serve(std::unique_ptr<Connection> connection, const PortOptions& port,
                                 int64_t number) {
  const char mode = port.delivery_mode != '\0' ? port.delivery_mode
                                               : options().Character(OptionId::kDeliveryMode);
  const SessionContext context = {.env = env_,
                                  .site = current_.site,
                                  .port = port,
                                  .queue = queue_,
                                  .accepted = deliveries_,
                                  .host = *this,
                                  .counters = &counters_,
                                  .delivery_mode = mode};
  co_return co_await RunServerSession(context, std::move(connection), number);
}

absl::Status Daemon::StartQueueRuns() {
  if (!has_ports_) {
    SetTitle(absl::StrCat("Queue runner@", FormatInterval(*settings_.queue.interval), " for ",
                          options().Text(OptionId::kQueueDirectory)));
  }
  const QueueLayout& layout = queue_.layout();
  const std::string& wanted = settings_.queue.group;
  for (const QueueGroupLayout& group : layout.groups) {
    if (!wanted.empty() && layout.FindGroup(wanted) != &group) continue;
    RETURN_IF_ERROR(services_.Spawn(&RunGroupAtIntervals, std::ref(*this), group.name));
  }
  return absl::OkStatus();
}

Task<absl::Status> Daemon::RunGroupAtIntervals(Daemon& self, std::string group) {
  DeliveryOptions options;
  options.selection.group = group;
  while (true) {
    const QueueGroupLayout& now = *self.queue_.layout().FindGroup(group);
    const bool has_own = now.interval > absl::ZeroDuration();
    absl::Duration wait = has_own ? now.interval : *self.settings_.queue.interval;
    const bool runs = now.runners > 0 || !self.settings_.queue.group.empty();
    if (!runs) {
      // A change of the configuration may give it runners.
      wait = std::max(wait, kPersistentRest);
    } else if (self.settings_.queue.persistent) {
      // -qp goes from one run to the next, and takes a rest where there was nothing.
      const size_t messages = co_await self.deliveries_.FinishQueueRun(options);
      if (messages == 0) wait = std::max(wait, kPersistentRest);
    } else {
      co_await self.deliveries_.BeginQueueRun(options);
    }
    if (!(co_await Sleep(wait)).ok()) co_return absl::OkStatus();
  }
}

}  // namespace

Task<absl::Status> RunDaemon(DaemonContext context, std::vector<OpenPort> ports) {
  Daemon self(std::move(context), std::move(ports), co_await CurrentContext());
  co_return co_await self.Run();
}

}  // namespace stagepost
