#include "mta/daemon/listener.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

// How often the limits are looked at when nobody connects, and for how long a port stays closed.
constexpr absl::Duration kLook = absl::Seconds(5);
constexpr absl::Duration kRefusal = absl::Seconds(15);
// After an error of accept(2): descriptors have run out, and will come back.
constexpr absl::Duration kAcceptPause = absl::Seconds(5);
constexpr absl::Duration kDelayLogInterval = absl::Minutes(10);
constexpr uint16_t kFirstUnprivilegedPort = 1024;

// "00:00:15", "1+02:03:04".
std::string Interval(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  const int64_t days = seconds / 86'400;
  const std::string time =
      absl::StrFormat("%02d:%02d:%02d", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
  return days > 0 ? absl::StrCat(days, "+", time) : time;
}

// Whether both options ask for the same socket.
bool SameSocket(const PortOptions& a, const PortOptions& b) {
  return a.family == b.family && a.address == b.address && a.port == b.port &&
         a.backlog == b.backlog && a.Has('s') == b.Has('s');
}

}  // namespace

struct Listeners::Port {
  explicit Port(OpenPort port) : open(std::move(port)) {}

  OpenPort open;                       // has no listener while it is closed
  std::optional<TaskScope> accepting;  // its one task, while the port is open
  bool stopped_accepting = false;      // that task has met a limit, and ended
  ConnectionRate rate;
  int sessions = 0;  // that refer to this
  // Of this socket, whatever options they began with: what children= counts.
  std::shared_ptr<int> children = std::make_shared<int>(0);
  std::optional<MonotonicTime> refusing_since;  // absent: it is open
  MonotonicTime refuse_until;
  MonotonicTime next_reminder;
};

Listeners::Listeners(Environment& env, ConnectionHandler& handler, Reporter& reporter,
                     std::vector<OpenPort> ports, TaskContext& tasks)
    : env_(env),
      handler_(handler),
      reporter_(reporter),
      tasks_(tasks),
      sessions_(tasks, "sessions", TaskScope::Policy::kSupervise, kMaxSessions) {
  for (OpenPort& port : ports) ports_.push_back(std::make_unique<Port>(std::move(port)));
}

Listeners::~Listeners() = default;

Task<absl::Status> Listeners::Run() {
  handler_.SetTitle("accepting connections");
  const absl::Status status = co_await Watch();
  for (const std::unique_ptr<Port>& port : ports_) {
    co_await StopAccepting(*port);
    port->open.listener.reset();
  }
  // Asked to stop while it waited to open a port again.
  co_return absl::IsCancelled(status) ? absl::OkStatus() : status;
}

void Listeners::Reconfigure(std::vector<PortOptions> ports) {
  wanted_ = std::move(ports);
  limit_reached_.Ring();
}

Task<absl::Status> Listeners::TakeWanted() {
  std::vector<PortOptions> wanted = *std::exchange(wanted_, std::nullopt);
  const auto old_of = [this](const PortOptions& options) -> Port* {
    for (const std::unique_ptr<Port>& port : ports_) {
      if (SameSocket(port->open.options, options)) return port.get();
    }
    return nullptr;
  };
  // First what may fail.
  std::vector<PortOptions> missing;
  for (const PortOptions& options : wanted) {
    if (old_of(options) == nullptr) missing.push_back(options);
  }
  absl::StatusOr<std::vector<OpenPort>> opened =
      co_await OpenPorts(env_, std::move(missing), reporter_);
  if (!opened.ok()) {
    co_return absl::IsCancelled(opened.status()) ? opened.status() : absl::OkStatus();
  }
  std::vector<std::unique_ptr<Port>> ports;
  for (const PortOptions& options : wanted) {
    Port* const old = old_of(options);
    if (old == nullptr) continue;
    co_await StopAccepting(*old);
    auto port = std::make_unique<Port>(OpenPort{options, std::move(old->open.listener)});
    port->children = old->children;
    port->refusing_since = old->refusing_since;
    port->refuse_until = old->refuse_until;
    port->next_reminder = old->next_reminder;
    ports.push_back(std::move(port));
  }
  for (OpenPort& port : *opened) ports.push_back(std::make_unique<Port>(std::move(port)));
  for (std::unique_ptr<Port>& port : ports_) {
    co_await StopAccepting(*port);
    port->open.listener.reset();
    retired_.push_back(std::move(port));
  }
  ports_ = std::move(ports);
  co_return absl::OkStatus();
}

Task<void> Listeners::EndSessions() {
  sessions_.RequestStop();
  (void)co_await sessions_.Join();
}

Task<absl::Status> Listeners::Watch() {
  while (true) {
    if (wanted_.has_value()) CO_RETURN_IF_ERROR(co_await TakeWanted());
    retired_.erase(std::remove_if(retired_.begin(), retired_.end(),
                                  [](const auto& port) { return port->sessions == 0; }),
                   retired_.end());
    for (const std::unique_ptr<Port>& port : ports_) CO_RETURN_IF_ERROR(co_await Attend(*port));
    const absl::Status rung = co_await WithDeadline(Now() + kLook, limit_reached_.Wait());
    if (absl::IsCancelled(rung)) co_return absl::OkStatus();
  }
}

Task<absl::Status> Listeners::Attend(Port& port) {
  const bool refusing = port.refusing_since.has_value();
  if (refusing && Now() < port.refuse_until) co_return absl::OkStatus();
  if (const Refusal refusal = WhyRefuse(port); refusal.reason != Reason::kNone) {
    LogRefusal(port, refusal);
    co_await StopAccepting(port);
    // Who can not have the socket back keeps it, and clients wait in its backlog.
    if (CanReopen(port)) port.open.listener.reset();
    port.refuse_until = Now() + kRefusal;
    co_return absl::OkStatus();
  }
  // It stops at a limit by itself; the session that had reached it may have ended since.
  if (port.stopped_accepting) co_await StopAccepting(port);
  if (refusing) CO_RETURN_IF_ERROR(co_await Resume(port));
  if (port.accepting.has_value() || port.open.listener == nullptr) co_return absl::OkStatus();
  port.accepting.emplace(tasks_, "accepting", TaskScope::Policy::kSupervise, 1);
  co_return port.accepting->Spawn(&AcceptLoop, std::ref(*this), std::ref(port));
}

Task<absl::Status> Listeners::Resume(Port& port) {
  Log(Severity::kInfo,
      absl::StrCat("accepting connections again for daemon ", port.open.options.name));
  handler_.SetTitle("accepting connections");
  port.refusing_since.reset();
  if (port.open.listener != nullptr) co_return absl::OkStatus();
  std::vector<PortOptions> options = {port.open.options};
  CO_ASSIGN_OR_RETURN(std::vector<OpenPort> opened,
                      co_await OpenPorts(env_, std::move(options), reporter_));
  // One that need not open may be missing.
  if (!opened.empty()) port.open.listener = std::move(opened[0].listener);
  co_return absl::OkStatus();
}

Task<void> Listeners::StopAccepting(Port& port) {
  if (port.accepting.has_value()) {
    port.accepting->RequestStop();
    (void)co_await port.accepting->Join();
    port.accepting.reset();
  }
  port.stopped_accepting = false;
}

bool Listeners::CanReopen(const Port& port) const {
  return port.open.options.port.value_or(kSmtpPort) >= kFirstUnprivilegedPort ||
         env_.process().credentials().effective_user == kRootUser;
}

LoadLimits Listeners::LimitsOf(const Port& port) const {
  return LoadLimitsOf(handler_.options(), port.open.options, env_.host().processors());
}

Listeners::Refusal Listeners::WhyRefuse(const Port& port) const {
  const int load = RoundedLoad(env_.host());
  if (LimitsOf(port).refuses(load)) {
    return {Reason::kLoad, absl::StrCat("load average: ", load)};
  }
  const auto children = [](int64_t running, int64_t most) {
    return Refusal{Reason::kChildren, absl::StrCat(running, " children, max ", most)};
  };
  const int64_t set = handler_.options().Number(OptionId::kMaxDaemonChildren);
  const int64_t most = set > 0 ? std::min<int64_t>(set, kMaxSessions) : kMaxSessions;
  if (sessions() >= most) return children(sessions(), most);
  const int own = port.open.options.max_children.value_or(0);
  if (own > 0 && *port.children >= own) return children(*port.children, own);
  return {};
}

void Listeners::LogRefusal(Port& port, const Refusal& refusal) {
  const std::string& name = port.open.options.name;
  const std::string text =
      absl::StrCat("rejecting connections on daemon ", name, ": ", refusal.text);
  Log(refusal.reason == Reason::kLoad ? Severity::kNotice : Severity::kInfo, text);
  handler_.SetTitle(text);
  const absl::Duration reminder = handler_.options().Interval(OptionId::kRejectLogInterval);
  if (!port.refusing_since.has_value()) {
    port.refusing_since = Now();
    port.next_reminder = Now() + reminder;
  } else if (Now() >= port.next_reminder) {
    Log(Severity::kError, absl::StrCat("have been rejecting connections on daemon ", name, " for ",
                                       Interval(Now() - *port.refusing_since)));
    port.next_reminder = Now() + reminder;
  }
}

Task<absl::Status> Listeners::DelayByLoad(const Port& port) {
  const LoadLimits limits = LimitsOf(port);
  const int load = RoundedLoad(env_.host());
  if (!limits.delays(load)) co_return absl::OkStatus();
  if (!next_delay_log_.has_value() || Now() >= *next_delay_log_) {
    next_delay_log_ = Now() + kDelayLogInterval;
    Log(Severity::kInfo, absl::StrCat("delaying connections on daemon ", port.open.options.name,
                                      ": load average=", load, " >= ", limits.delay));
  }
  co_return co_await Sleep(kLoadDelay);
}

Task<absl::Status> Listeners::AcceptLoop(Listeners& self, Port& port) {
  const absl::Status status = co_await self.AcceptUntilLimit(port);
  // However it has ended, somebody is to look at the port again.
  port.stopped_accepting = true;
  self.limit_reached_.Ring();
  co_return status;
}

Task<absl::Status> Listeners::AcceptUntilLimit(Port& port) {
  while (WhyRefuse(port).reason == Reason::kNone) {
    CO_RETURN_IF_ERROR(co_await DelayByLoad(port));
    absl::StatusOr<std::unique_ptr<Connection>> connection = co_await port.open.listener->Accept();
    if (absl::IsCancelled(connection.status())) co_return absl::OkStatus();
    if (!connection.ok()) {
      reporter_.LogSystemError(
          absl::StrCat("getrequests: accept: ", connection.status().message()));
      CO_RETURN_IF_ERROR(co_await Sleep(kAcceptPause));
      continue;
    }
    if (port.open.options.Has('s')) {
      Log(Severity::kError, "NOQUEUE: smtps: TLS not available, exiting");
      continue;
    }
    ++port.sessions;
    ++*port.children;
    const absl::Status spawned = sessions_.Spawn(&ServeOne, std::ref(*this), std::ref(port),
                                                 *std::move(connection), next_number_++);
    if (!spawned.ok()) {  // another port has taken the last place
      --port.sessions;
      --*port.children;
      co_return spawned;
    }
    const int64_t limit = handler_.options().Number(OptionId::kConnectionRateThrottle);
    if (!port.rate.Count(Now(), limit)) continue;
    Log(Severity::kInfo, absl::StrCat("deferring connections on daemon ", port.open.options.name,
                                      ": ", limit, " per second"));
    CO_RETURN_IF_ERROR(co_await Sleep(absl::Seconds(1)));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> Listeners::ServeOne(Listeners& self, Port& port,
                                       std::unique_ptr<Connection> connection, int64_t number) {
  const absl::Status status =
      co_await self.handler_.Serve(std::move(connection), port.open.options, number);
  --port.sessions;
  --*port.children;
  co_return status;
}

}  // namespace stagepost
