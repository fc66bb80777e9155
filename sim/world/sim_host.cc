#include "sim/world/sim_host.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/check.h"
#include "mta/base/errno.h"

namespace stagepost {
namespace {

constexpr size_t kMaxScriptLine = 255;  // Linux's BINPRM_BUF_SIZE, without a terminating zero

absl::string_view FirstLine(absl::string_view text) { return text.substr(0, text.find('\n')); }

}  // namespace

SimHost::SimHost(WorldCore& core, SimFabric& fabric, uint32_t index, HostSpec spec)
    : core_(core),
      fabric_(fabric),
      disk_(core.TrueTime(), spec.disk),
      time_zone_(spec.time_zone),
      drifts_since_(core.TrueTime()) {
  node_.index = index;
  node_.name = std::move(spec.name);
  node_.addresses = std::move(spec.addresses);
  node_.hidden_addresses = std::move(spec.hidden_addresses);
  node_.has_gateway = spec.has_gateway;
  fabric.AddNode(node_);
  core.Record(index, 0, {EventKind::kHostStarted, node_.name, ""});
}

SimHost::~SimHost() = default;

void SimHost::SetDrift(int32_t parts_per_million) {
  clock_offset += Drifted();
  drifts_since_ = core_.TrueTime();
  drift_ = parts_per_million;
}

bool SimHost::SetAddressUp(const IpAddress& address, bool up) {
  const auto& own = node_.addresses;
  if (std::find(own.begin(), own.end(), address) == own.end()) return false;
  return up ? node_.down.erase(address) > 0 : node_.down.insert(address).second;
}

void SimHost::InstallProgram(absl::string_view path, Program program) {
  programs_[std::string(path)] = program;
}

Program SimHost::FindProgram(absl::string_view path, const FileStat& file) {
  if (const auto exact = programs_.find(path); exact != programs_.end()) return exact->second;
  for (const auto& [installed, program] : programs_) {
    const absl::StatusOr<FileStat> other = editor().Stat(installed);
    if (other.ok() && other->inode == file.inode) return program;
  }
  return nullptr;
}

absl::StatusOr<SimProcess*> SimHost::Execute(ProcessSpec spec, SimProcess::OnExit on_exit) {
  CHECK(up()) << name();
  const Identity identity = spec.credentials.effective();
  const DiskCaller caller{identity, spec.umask, nullptr, 0, WallNow()};
  const DiskResult<OpenFile*> directory =
      disk_.OpenWorkingDirectory(caller, spec.working_directory);
  if (!directory.ok()) {
    return ErrnoStatus(directory.error,
                       absl::StrCat("chdir ", spec.working_directory, " for ", spec.path));
  }
  disk_.Close(*directory.value);
  const DiskResult<FileStat> file = disk_.MayExecute(caller, spec.path);
  if (!file.ok()) return ErrnoStatus(file.error, absl::StrCat("exec ", spec.path));
  const Program program = FindProgram(spec.path, file.value);
  if (program == nullptr) return ExecuteScript(std::move(spec), std::move(on_exit));
  if (file.value.mode & 04000) {
    spec.credentials.effective_user = spec.credentials.saved_user = file.value.owner;
  }
  // Without permission to execute for the group, the bit means something else (mandatory locks).
  if ((file.value.mode & 02010) == 02010) {
    spec.credentials.effective_group = spec.credentials.saved_group = file.value.group;
  }
  SimProcess& process = Spawn(std::move(spec), std::move(on_exit));
  process.Start(program);
  return &process;
}

absl::StatusOr<SimProcess*> SimHost::ExecuteScript(ProcessSpec spec, SimProcess::OnExit on_exit) {
  const auto text = editor().ReadFile(spec.path);
  const absl::string_view line = text.ok() ? FirstLine(*text) : "";
  if (!absl::StartsWith(line, "#!") || line.size() > kMaxScriptLine) {
    return ErrnoStatus(Errno::kENOEXEC, absl::StrCat("exec ", spec.path));
  }
  // One argument at most, blanks in it and all.
  const std::pair<absl::string_view, absl::string_view> words = absl::StrSplit(
      absl::StripAsciiWhitespace(line.substr(2)), absl::MaxSplits(absl::ByAnyChar(" \t"), 1));
  const auto interpreter = editor().Stat(words.first);
  if (!interpreter.ok()) {
    return ErrnoStatus(ErrnoOf(interpreter.status()), absl::StrCat("exec ", spec.path));
  }
  if (FindProgram(words.first, *interpreter) == nullptr) {
    return ErrnoStatus(Errno::kENOEXEC, absl::StrCat("exec ", spec.path));
  }
  Arguments arguments = {std::string(words.first)};
  const absl::string_view argument = absl::StripLeadingAsciiWhitespace(words.second);
  if (!argument.empty()) arguments.emplace_back(argument);
  arguments.push_back(spec.path);
  for (size_t i = 1; i < spec.arguments.size(); ++i) arguments.push_back(spec.arguments[i]);
  spec.path = std::string(words.first);
  spec.arguments = std::move(arguments);
  return Execute(std::move(spec), std::move(on_exit));
}

SimProcess& SimHost::Spawn(ProcessSpec spec, SimProcess::OnExit on_exit) {
  const uint32_t pid = next_pid_++;
  auto process = std::make_unique<SimProcess>(*this, pid, std::move(spec), std::move(on_exit));
  return *(processes_[pid] = std::move(process));
}

SimProcess* SimHost::FindProcess(uint32_t pid) {
  const auto found = processes_.find(pid);
  return found == processes_.end() ? nullptr : found->second.get();
}

std::vector<uint32_t> SimHost::ProcessIds() const {
  std::vector<uint32_t> ids;
  for (const auto& [pid, process] : processes_) {
    if (!process->inert()) ids.push_back(pid);
  }
  return ids;
}

void SimHost::KillChildrenOf(uint32_t pid) {
  for (const auto& [child_pid, child] : processes_) {
    if (child->spec().parent != pid || child->inert()) continue;
    core_.soon.push_back([this, child_pid = child_pid] {
      if (SimProcess* process = FindProcess(child_pid)) process->Deliver(Signal::kKill);
    });
  }
}

void SimHost::ReapSoon(uint32_t pid) {
  core_.soon.push_back([this, pid] { processes_.erase(pid); });
}

void SimHost::StopProcesses() {
  // Every Environment is inert before the first frame goes, so that no process sees another one
  // end.
  for (const auto& [pid, process] : processes_) process->FallSilent();
  for (const auto& [pid, process] : processes_) {
    process->Die({.code = 0, .killed_by = Signal::kKill}, /*crashed=*/true);
  }
  processes_.clear();
  fabric_.Crash(node_);
}

void SimHost::Crash() {
  CHECK(up()) << name();
  node_.up = false;
  StopProcesses();
  dns_cache.Clear();
  disk_.Crash(core_.choices);
  core_.Record(index(), 0, {EventKind::kHostCrashed, node_.name, ""});
}

void SimHost::Boot() {
  CHECK(!up()) << name();
  node_.up = true;
  core_.Record(index(), 0, {EventKind::kHostStarted, node_.name, ""});
}

void SimHost::AppendLog(LogLine line) { log_.push_back(std::move(line)); }

}  // namespace stagepost
