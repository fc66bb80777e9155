#include "sim/world/sim_process.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/check.h"
#include "mta/base/errno.h"
#include "sim/world/sim_environment.h"
#include "sim/world/sim_host.h"

namespace stagepost {

class SignalOperation final : public PendingOperation<absl::StatusOr<Signal>> {
 public:
  explicit SignalOperation(SimProcess& process) : process_(process) {}
  ~SignalOperation() override { Forget(); }
  void Wake(Signal signal) {
    Forget();
    Finish(signal);
  }

 private:
  void Start() override {
    CHECK(process_.signal_waiter_ == nullptr) << "two tasks wait for signals";
    process_.signal_waiter_ = this;
  }
  void OnStop() override {
    Forget();
    PendingOperation::OnStop();
  }
  void Forget() {
    if (process_.signal_waiter_ == this) process_.signal_waiter_ = nullptr;
  }
  SimProcess& process_;
};

SimProcess::SimProcess(SimHost& host, uint32_t pid, ProcessSpec spec, OnExit on_exit)
    : SocketOwner(host.node(), pid),
      host_(host),
      spec_(std::move(spec)),
      on_exit_(std::move(on_exit)),
      executor_(host.core().loop, this) {
  if (spec_.limits.open_files.has_value()) descriptors().limit = *spec_.limits.open_files;
  if (spec_.limits.cpu_time.has_value()) {
    const absl::Duration seconds = absl::Ceil(*spec_.limits.cpu_time, absl::Seconds(1));
    turns_allowed_ = static_cast<uint64_t>(seconds / kCpuOfTurn);
  }
  if (!spec_.arguments.empty()) title_ = spec_.arguments[0];
  Record({EventKind::kProcessStarted, spec_.path, title_});
  environment_ = std::make_unique<SimEnvironment>(*this);
}

SimProcess::~SimProcess() = default;

WorldCore& SimProcess::core() const { return host_.core(); }

Environment& SimProcess::environment() { return *environment_; }

void SimProcess::set_title(absl::string_view title) {
  title_ = std::string(title);
  Record({EventKind::kProcessTitle, title_, ""});
}

void SimProcess::Record(const Event& event) {
  if (!inert_) core().Record(host_.index(), pid(), event);
}

// The program has returned; its last frame is still on its way out.
void SimProcess::Ended(int code) {
  // The kernel keeps eight bits.
  const ExitStatus status = {.code = code & 0xff, .killed_by = std::nullopt};
  core().soon.push_back([&host = host_, pid = pid(), status] {
    if (SimProcess* process = host.FindProcess(pid)) process->Die(status, /*crashed=*/false);
  });
}

void SimProcess::CpuLimitReached() {
  turns_allowed_ = UINT64_MAX;
  core().soon.push_back([&host = host_, pid = pid()] {
    if (SimProcess* process = host.FindProcess(pid)) process->Deliver(Signal::kCpuLimit);
  });
}

void SimProcess::Deliver(Signal signal) {
  if (inert_) return;
  if (signal == Signal::kKill || signal == Signal::kCpuLimit) {
    return Die({.code = 0, .killed_by = signal}, /*crashed=*/false);
  }
  if (signal == Signal::kChild || signal == Signal::kPipe || signal == Signal::kFileSizeLimit) {
    return;
  }
  if (signal_waiter_ != nullptr) return signal_waiter_->Wake(signal);
  // As RunProgram() does live, programs keep these from their first moment on.
  const bool kept =
      signal == Signal::kUser1 || signal == Signal::kUser2 || signal == Signal::kAlarm;
  if (handles_signals_ || kept) {
    if (std::find(pending_signals_.begin(), pending_signals_.end(), signal) ==
        pending_signals_.end()) {
      pending_signals_.push_back(signal);
    }
    return;
  }
  Die({.code = 0, .killed_by = signal}, /*crashed=*/false);
}

void SimProcess::Die(const ExitStatus& status, bool crashed) {
  if (dead_) return;
  dead_ = true;
  CHECK(core().loop.current() != &executor_);
  Record({EventKind::kProcessExited, spec_.path, status.killed_by.has_value() ? "killed" : "exited",
          status.killed_by.has_value() ? static_cast<int64_t>(*status.killed_by) : status.code});
  inert_ = true;
  CloseAll(crashed);
  if (!crashed) host_.disk().ReleaseProcess(pid());
  executor_.Kill();
  spec_.input.reset();
  spec_.output.reset();
  spec_.error.reset();
  if (crashed) return;
  host_.KillChildrenOf(pid());
  if (on_exit_ != nullptr) std::exchange(on_exit_, nullptr)(status);
  host_.ReapSoon(pid());
}

Operation<absl::StatusOr<Signal>> SimProcess::NextSignal() {
  if (inert_) return absl::StatusOr<Signal>(ErrnoStatus(Errno::kESRCH, "sigwait"));
  handles_signals_ = true;
  if (!pending_signals_.empty()) {
    const Signal first = pending_signals_.front();
    pending_signals_.erase(pending_signals_.begin());
    return absl::StatusOr<Signal>(first);
  }
  return Operation<absl::StatusOr<Signal>>(new SignalOperation(*this));
}

absl::Status SimProcess::Daemonise() {
  if (inert_) return ErrnoStatus(Errno::kESRCH, "fork");
  if (daemonised_) return absl::FailedPreconditionError("already in the background");
  daemonised_ = true;
  spec_.parent = 0;
  if (on_exit_ != nullptr) std::exchange(on_exit_, nullptr)({.code = 0, .killed_by = std::nullopt});
  spec_.input.reset();
  spec_.output.reset();
  spec_.error.reset();
  return absl::OkStatus();
}

}  // namespace stagepost
