#include "sim/scenario/services.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "mta/base/check.h"
#include "sim/scenario/command.h"
#include "sim/scenario/host_builder.h"
#include "sim/scenario/values.h"

namespace stagepost {
namespace {

// How long a daemon may take to listen, and to end.
constexpr absl::Duration kStartLimit = absl::Minutes(5);
constexpr absl::Duration kStopLimit = absl::Minutes(10);

bool Listens(SimHost& host) { return !host.node().listeners.empty(); }

}  // namespace

absl::Status Services::Build() {
  for (const scenario::Host& spec : loaded_.scenario.world().host()) {
    const absl::StatusOr<SimHost*> host =
        BuildHost(spec, loaded_.configurations[hosts_.size()], world_);
    if (!host.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(loaded_.WhereHost(static_cast<int>(hosts_.size())), ": host \"", spec.name(),
                       "\": ", host.status().message()));
    }
    specs_.push_back(&spec);
    hosts_.push_back(*host);
  }
  return absl::OkStatus();
}

size_t Services::IndexOf(const std::string& name) const {
  const auto found = std::find_if(hosts_.begin(), hosts_.end(),
                                  [&](const SimHost* host) { return host->name() == name; });
  CHECK(found != hosts_.end()) << name;
  return static_cast<size_t>(found - hosts_.begin());
}

MonotonicTime Services::After(absl::Duration duration, MonotonicTime limit) const {
  return std::min(limit, world_.now() + duration);
}

void Services::Prepare(size_t index, MonotonicTime limit) {
  SimHost& host = *hosts_[index];
  for (const std::string& line : specs_[index]->mta().prepare()) {
    const std::string where = loaded_.WhereHost(static_cast<int>(index));
    ScenarioCommand& command = commands_.emplace_back();
    if (const absl::Status started = StartCommand(host, line, "root", "", command); !started.ok()) {
      return fail_(where, absl::StrCat(line, ": ", started.message()));
    }
    world_.RunUntil([&] { return command.exit.has_value(); }, After(kStartLimit, limit));
    if (!command.exit.has_value()) return fail_(where, absl::StrCat(line, " has not ended"));
    if (!command.exit->ok()) {
      return fail_(where, absl::StrCat(line, ": exit code ", command.exit_code(), "; it said: ",
                                       absl::CEscape(absl::StrCat(command.output, command.error))));
    }
  }
}

void Services::StartAll(MonotonicTime limit) {
  for (size_t i = 0; i < hosts_.size(); ++i) {
    Prepare(i, limit);
    if (specs_[i]->mta().start()) Start(i, loaded_.WhereHost(static_cast<int>(i)), limit);
  }
}

void Services::Start(size_t index, const std::string& where, MonotonicTime limit) {
  SimHost& host = *hosts_[index];
  if (specs_[index]->has_sink()) {
    if (const absl::Status started = StartSink(host); !started.ok()) {
      return fail_(where, absl::StrCat("sink on ", host.name(), ": ", started.message()));
    }
    world_.RunUntil([&] { return Listens(host); }, After(kStartLimit, limit));
  }
  if (!specs_[index]->has_mta()) return;
  std::string* output = &outputs_.emplace_back();
  if (const absl::Status started = StartMta(*specs_[index], host, output); !started.ok()) {
    return fail_(where, absl::StrCat("sendmail on ", host.name(), ": ", started.message()));
  }
  world_.RunUntil([&] { return Listens(host) || MtaProcesses(host).empty(); },
                  After(kStartLimit, limit));
  if (!Listens(host)) {
    fail_(where, absl::StrCat("sendmail on ", host.name(), " does not listen; it said: ", *output));
  }
}

void Services::StopMta(const std::string& name, const std::string& where, MonotonicTime limit) {
  SimHost& host = HostOf(name);
  for (const uint32_t pid : MtaProcesses(host)) host.FindProcess(pid)->Deliver(Signal::kTerminate);
  if (!world_.RunUntil([&] { return MtaProcesses(host).empty(); }, After(kStopLimit, limit))) {
    fail_(where, absl::StrCat("sendmail on ", name, " did not end after SIGTERM"));
  }
}

void Services::Restart(SimHost& host) {
  const scenario::Host& spec = *specs_[IndexOf(host.name())];
  if (spec.has_sink() && ProcessesOf(host, kSinkPath).empty()) (void)StartSink(host);
  if (spec.has_mta() && MtaProcesses(host).empty()) (void)StartMta(spec, host, nullptr);
}

bool Services::RestartDeadMtas(MonotonicTime limit) {
  bool any = false;
  for (size_t i = 0; i < hosts_.size(); ++i) {
    if (!specs_[i]->mta().start() || !hosts_[i]->up() || !MtaProcesses(*hosts_[i]).empty()) {
      continue;
    }
    Start(i, loaded_.WhereHost(static_cast<int>(i)), limit);
    any = true;
  }
  return any;
}

absl::Duration Services::ThreeQueueRuns() const {
  absl::Duration longest = absl::ZeroDuration();
  for (const scenario::Host* spec : specs_) {
    if (!spec->mta().has_queue_interval()) continue;
    longest = std::max(longest, 3 * *ParseScenarioDuration(spec->mta().queue_interval()));
  }
  return longest;
}

}  // namespace stagepost
