#include "sim/scenario/faults.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sim/scenario/dns_values.h"
#include "sim/scenario/host_builder.h"
#include "sim/scenario/values.h"
#include "sim/world/sim_file_caller.h"

namespace stagepost {
namespace {

absl::Duration Duration(const std::string& text) { return *ParseScenarioDuration(text); }

// Whether the event is the phase that a scenario calls so; see Fault.on_phase.
bool IsPhase(const Event& event, absl::string_view phase) {
  switch (event.kind) {
    case EventKind::kEnvelopeAccepted:
      return phase == "accepted";
    case EventKind::kProcessStarted:
      return phase == "delivering" && event.subject == kMailLocalPath;
    case EventKind::kRecipientDelivered:
      return phase == "delivered";
    case EventKind::kRecipientDeferred:
      return phase == "deferred";
    case EventKind::kRecipientBounced:
      return phase == "bounced";
    case EventKind::kEnvelopeDone:
      return phase == "done";
    default:
      return false;
  }
}

// Whether a call may change a disk, or sync it.
bool Changes(absl::string_view call) {
  constexpr absl::string_view kLooks[] = {"read",    "fstat",  "lock",     "unlock",
                                          "stat",    "lstat",  "readlink", "opendir",
                                          "readdir", "statfs", "chdir"};
  return std::find(std::begin(kLooks), std::end(kLooks), call) == std::end(kLooks);
}

bool IsCall(const scenario::FileCall& wanted, absl::string_view call) {
  return wanted.has_call() ? wanted.call() == call : Changes(call);
}

}  // namespace

class FaultPlan::HostFiles final : public FileFaults {
 public:
  HostFiles(FaultPlan& plan, World& world, SimHost& host, PatternCache& patterns)
      : plan_(plan), world_(world), host_(host), patterns_(patterns) {}

  FileFault OnCall(FileCall call, absl::string_view path) override {
    if (watched_ && plan_.StopsBefore(host_, call, path)) {
      return {.stall = absl::InfiniteDuration()};
    }
    for (const scenario::FileError* error : errors_) {
      if (error->has_call() && error->call() != FileCallName(call)) continue;
      if (error->has_path() && !MatchesWhole(patterns_.Get(error->path()), path)) continue;
      if (world_.core().choices.Chance("fault/file_error", error->per_mille())) {
        return {.error = *ParseErrno(error->error())};
      }
    }
    return {.error = Errno::kOk, .stall = DrawStall(call, path)};
  }

  void Add(const scenario::FileError& error) {
    errors_.push_back(&error);
    host_.file_faults = this;
  }
  void Remove(const scenario::FileError& error) {
    std::erase(errors_, &error);
    ForgetIfIdle();
  }
  void Add(const scenario::FileStall& stall) {
    stalls_.push_back(&stall);
    host_.file_faults = this;
  }
  void Remove(const scenario::FileStall& stall) {
    std::erase(stalls_, &stall);
    ForgetIfIdle();
  }
  // From now on the plan is asked before each call.
  void Watch() {
    watched_ = true;
    host_.file_faults = this;
  }
  // Each of several faults that fill the disk has an end of its own.
  void Fill() { host_.disk().SetFull(++fillings_ > 0); }
  void Empty() { host_.disk().SetFull(--fillings_ > 0); }

 private:
  absl::Duration DrawStall(FileCall call, absl::string_view path) {
    if (call == FileCall::kChangeDirectory) return absl::ZeroDuration();
    for (const scenario::FileStall* stall : stalls_) {
      if (stall->has_call() && stall->call() != FileCallName(call)) continue;
      if (stall->has_path() && !MatchesWhole(patterns_.Get(stall->path()), path)) continue;
      if (!world_.core().choices.Chance("fault/file_stall", stall->per_mille())) continue;
      world_.core().Record(host_.index(), 0, {EventKind::kFault, "stalled", path});
      return Duration(stall->stall());
    }
    return absl::ZeroDuration();
  }
  void ForgetIfIdle() {
    if (errors_.empty() && stalls_.empty() && !watched_) host_.file_faults = nullptr;
  }

  FaultPlan& plan_;
  World& world_;
  SimHost& host_;
  PatternCache& patterns_;
  int fillings_ = 0;
  bool watched_ = false;
  std::vector<const scenario::FileError*> errors_;
  std::vector<const scenario::FileStall*> stalls_;
};

FaultPlan::FaultPlan(World& world, PatternCache& patterns, RestartMta restart_mta)
    : world_(world), patterns_(patterns), restart_mta_(std::move(restart_mta)), network_(world) {
  world.core().trace.AddObserver(this);
}

FaultPlan::~FaultPlan() {
  world_.core().trace.RemoveObserver(this);
  for (const auto& host : world_.hosts()) host->file_faults = nullptr;
}

void FaultPlan::Arm(const scenario::Fault& fault) {
  watches_network_ = watches_network_ || fault.has_on_phase();
  switch (fault.trigger_case()) {
    case scenario::Fault::TRIGGER_NOT_SET:
      Trip(fault);
      return;
    case scenario::Fault::kAfter:
      world_.After(Duration(fault.after()), [this, &fault] { Trip(fault); });
      return;
    case scenario::Fault::kOnReply:
    case scenario::Fault::kOnCommand:
    case scenario::Fault::kOnPhase:
    case scenario::Fault::kOnFileCall: {
      Armed armed{&fault, {}};
      for (const std::string& host : fault.host()) {
        armed.hosts.insert(world_.FindHost(host)->index());
        if (fault.has_crash() && fault.has_on_file_call()) FilesOf(*world_.FindHost(host)).Watch();
      }
      armed_.push_back(std::move(armed));
      return;
    }
  }
}

bool FaultPlan::Triggers(Armed& armed, const TraceEvent& event, const NetworkPhases::Begun& begun) {
  if (armed.fault->has_on_phase() && armed.hosts.contains(begun.host) &&
      std::find(begun.phases.begin(), begun.phases.end(), armed.fault->on_phase()) !=
          begun.phases.end()) {
    return true;
  }
  if (!armed.hosts.contains(event.host)) return false;
  const Event& what = event.event;
  switch (armed.fault->trigger_case()) {
    case scenario::Fault::kOnReply:
      return what.kind == EventKind::kSmtpReply &&
             MatchesAtStart(patterns_.Get(armed.fault->on_reply()), what.detail);
    case scenario::Fault::kOnCommand:
      return what.kind == EventKind::kSmtpCommand &&
             MatchesAtStart(patterns_.Get(armed.fault->on_command()), what.detail);
    case scenario::Fault::kOnPhase:
      return IsPhase(what, armed.fault->on_phase());
    case scenario::Fault::kOnFileCall: {
      const scenario::FileCall& call = armed.fault->on_file_call();
      if (call.before()) return false;
      const bool named = what.kind == EventKind::kFileCall
                             ? IsCall(call, what.subject)
                             : what.kind == EventKind::kFileWritten && IsCall(call, "write");
      if (!named) return false;
      const absl::string_view path = what.kind == EventKind::kFileCall ? what.detail : what.subject;
      if (call.has_path() && !MatchesWhole(patterns_.Get(call.path()), AbsolutePath(event, path))) {
        return false;
      }
      return ++armed.calls == call.number();
    }
    default:
      return false;
  }
}

std::string FaultPlan::AbsolutePath(const TraceEvent& event, absl::string_view path) {
  if (absl::StartsWith(path, "/")) return std::string(path);
  SimHost& host = *world_.hosts()[event.host];
  SimProcess* const process = host.FindProcess(static_cast<uint32_t>(event.process));
  if (process == nullptr) return std::string(path);
  const std::string from = process->environment().process().working_directory();
  return absl::StrCat(from, absl::EndsWith(from, "/") ? "" : "/", path);
}

void FaultPlan::OnEvent(const TraceEvent& event) {
  NetworkPhases::Begun begun;
  if (watches_network_) begun = network_.OnEvent(event);
  if (armed_.empty() || event.event.kind == EventKind::kFault) return;
  std::vector<const scenario::Fault*> tripped;
  std::erase_if(armed_, [&](Armed& armed) {
    if (!Triggers(armed, event, begun)) return false;
    tripped.push_back(armed.fault);
    // What the program does before it suspends again is not part of "after the call".
    const bool at_once = armed.fault->has_on_file_call() && !armed.fault->has_delay_up_to();
    if (at_once && armed.fault->has_crash()) doomed_ = armed.hosts;
    return true;
  });
  for (const scenario::Fault* fault : tripped) {
    world_.Soon([this, fault] { Trip(*fault); });
  }
}

bool FaultPlan::StopsBefore(SimHost& host, FileCall call, absl::string_view path) {
  if (doomed_.contains(host.index())) return true;
  for (auto armed = armed_.begin(); armed != armed_.end(); ++armed) {
    const scenario::Fault* const fault = armed->fault;
    const scenario::FileCall& wanted = fault->on_file_call();
    if (!wanted.before() || !armed->hosts.contains(host.index())) continue;
    if (!IsCall(wanted, FileCallName(call))) continue;
    if (wanted.has_path() && !MatchesWhole(patterns_.Get(wanted.path()), path)) continue;
    if (++armed->calls != wanted.number()) continue;
    doomed_ = armed->hosts;
    armed_.erase(armed);
    world_.Soon([this, fault] { Trip(*fault); });
    return true;
  }
  return false;
}

void FaultPlan::Trip(const scenario::Fault& fault) {
  doomed_.clear();
  if (!fault.has_delay_up_to()) return Strike(fault);
  const int64_t range = absl::ToInt64Microseconds(Duration(fault.delay_up_to()));
  const uint64_t delay =
      world_.core().choices.Pick("fault/delay", static_cast<uint64_t>(range) + 1);
  world_.After(absl::Microseconds(delay), [this, &fault] { Strike(fault); });
}

void FaultPlan::Strike(const scenario::Fault& fault) {
  if (healed_) return;
  if (fault.has_partition()) return Partition(fault.partition());
  if (fault.has_forget()) return Forget(fault.forget());
  if (fault.has_reset()) return Reset(fault.reset());
  if (fault.has_dns_outage()) return DnsOutage(fault.dns_outage());
  for (const std::string& name : fault.host()) StrikeHost(fault, *world_.FindHost(name));
}

void FaultPlan::StrikeHost(const scenario::Fault& fault, SimHost& host) {
  switch (fault.what_case()) {
    case scenario::Fault::kCrash:
      if (!host.up()) return;
      host.Crash();
      if (fault.crash().has_restart_after()) {
        RestartAfter(fault.crash().restart_after(), host, /*boot=*/true);
      }
      return;
    case scenario::Fault::kKillMta:
      world_.core().Record(host.index(), 0, {EventKind::kFault, "kill_mta", host.name()});
      if (host.up()) {
        for (const uint32_t pid : MtaProcesses(host)) {
          host.FindProcess(pid)->Deliver(Signal::kKill);
        }
      }
      if (fault.kill_mta().has_restart_after()) {
        RestartAfter(fault.kill_mta().restart_after(), host, /*boot=*/false);
      }
      return;
    case scenario::Fault::kFileError: {
      const scenario::FileError& error = fault.file_error();
      world_.core().Record(host.index(), 0, {EventKind::kFault, "file_error", error.error()});
      FilesOf(host).Add(error);
      EndLater(error.has_duration(), error.duration(),
               [this, &host, &error] { FilesOf(host).Remove(error); });
      return;
    }
    case scenario::Fault::kDiskFull:
      world_.core().Record(host.index(), 0, {EventKind::kFault, "disk_full", host.name()});
      FilesOf(host).Fill();
      EndLater(fault.disk_full().has_duration(), fault.disk_full().duration(),
               [this, &host] { FilesOf(host).Empty(); });
      return;
    case scenario::Fault::kFileStall: {
      const scenario::FileStall& stall = fault.file_stall();
      world_.core().Record(host.index(), 0, {EventKind::kFault, "file_stall", stall.stall()});
      FilesOf(host).Add(stall);
      EndLater(stall.has_duration(), stall.duration(),
               [this, &host, &stall] { FilesOf(host).Remove(stall); });
      return;
    }
    case scenario::Fault::kPartition:  // of no host
    case scenario::Fault::kForget:
    case scenario::Fault::kReset:
    case scenario::Fault::kDnsOutage:
    case scenario::Fault::WHAT_NOT_SET:
      return;
  }
}

void FaultPlan::Partition(const scenario::Partition& partition) {
  SimHost& from = *world_.FindHost(partition.from());
  SimHost& to = *world_.FindHost(partition.to());
  world_.core().Record(from.index(), 0, {EventKind::kFault, "partition", to.name()});
  const auto set = [this, &from, &to, both = partition.both()](bool blocked) {
    world_.fabric().SetBlocked(from.node(), to.node(), blocked);
    if (both) world_.fabric().SetBlocked(to.node(), from.node(), blocked);
  };
  set(true);
  EndLater(partition.has_duration(), partition.duration(), [set] { set(false); });
}

void FaultPlan::Forget(const scenario::Forget& forget) {
  SimHost& from = *world_.FindHost(forget.from());
  SimHost& to = *world_.FindHost(forget.to());
  world_.core().Record(from.index(), 0, {EventKind::kFault, "forget", to.name()});
  world_.fabric().Forget(from.node(), to.node());
}

void FaultPlan::Reset(const scenario::Reset& reset) {
  SimHost& from = *world_.FindHost(reset.from());
  SimHost& to = *world_.FindHost(reset.to());
  world_.core().Record(from.index(), 0, {EventKind::kFault, "reset", to.name()});
  world_.fabric().Reset(from.node(), to.node());
}

// Where several overlap, the one that began last counts.
void FaultPlan::DnsOutage(const scenario::DnsOutage& outage) {
  world_.core().Record(TraceLog::kWorld, 0, {EventKind::kFault, "dns_outage", outage.fails()});
  const uint64_t id = next_end_;
  outages_[id] = *ParseDnsFault(outage.fails());
  const auto set = [this] {
    world_.core().dns.SetOutage(outages_.empty() ? DnsFault::kNone : outages_.rbegin()->second);
  };
  set();
  EndLater(outage.has_duration(), outage.duration(), [this, id, set] {
    outages_.erase(id);
    set();
  });
}

void FaultPlan::RestartAfter(const std::string& after, SimHost& host, bool boot) {
  ++restarts_pending_;
  world_.After(Duration(after), [this, &host, boot] {
    --restarts_pending_;
    if (boot && !host.up()) host.Boot();
    if (host.up()) restart_mta_(host);
  });
}

void FaultPlan::EndLater(bool has_duration, const std::string& duration,
                         std::function<void()> end) {
  const uint64_t id = next_end_++;
  ends_[id] = std::move(end);
  if (!has_duration) return;
  world_.After(Duration(duration), [this, id] {
    const auto found = ends_.find(id);
    if (found == ends_.end()) return;
    const std::function<void()> action = std::move(found->second);
    ends_.erase(found);
    action();
  });
}

FaultPlan::HostFiles& FaultPlan::FilesOf(SimHost& host) {
  std::unique_ptr<HostFiles>& files = files_[host.index()];
  if (files == nullptr) files = std::make_unique<HostFiles>(*this, world_, host, patterns_);
  return *files;
}

void FaultPlan::Heal() {
  healed_ = true;
  armed_.clear();
  for (auto& [id, end] : ends_) end();
  ends_.clear();
}

}  // namespace stagepost
