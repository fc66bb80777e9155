#include "sim/world/sim_programs.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/check.h"
#include "mta/base/errno.h"
#include "sim/world/sim_host.h"
#include "sim/world/sim_pipe.h"

namespace stagepost {
namespace {

using ChildOr = absl::StatusOr<std::unique_ptr<Child>>;

class WaitOperation;

// What is known of a child on both sides; outlives either.
struct ChildState {
  std::optional<ExitStatus> status;
  WaitOperation* waiter = nullptr;
};

class WaitOperation final : public PendingOperation<absl::StatusOr<ExitStatus>> {
 public:
  explicit WaitOperation(std::shared_ptr<ChildState> state) : state_(std::move(state)) {}
  ~WaitOperation() override { Forget(); }
  void Wake() {
    Forget();
    Finish(*state_->status);
  }

 private:
  void Start() override {
    CHECK(state_->waiter == nullptr) << "two tasks wait for the same child";
    state_->waiter = this;
  }
  void OnStop() override {
    Forget();
    PendingOperation::OnStop();
  }
  void Forget() {
    if (state_->waiter == this) state_->waiter = nullptr;
  }
  std::shared_ptr<ChildState> state_;
};

class SimChild final : public Child {
 public:
  SimChild(SimHost& host, uint32_t pid, std::shared_ptr<ChildState> state)
      : host_(host), pid_(pid), state_(std::move(state)) {}
  ~SimChild() override {
    if (!state_->status.has_value()) Kill(Signal::kKill);
  }
  ProcessId pid() const override { return static_cast<ProcessId>(pid_); }
  std::unique_ptr<ByteSink> TakeInput() override { return std::move(input); }
  std::unique_ptr<ByteSource> TakeOutput() override { return std::move(output); }
  std::unique_ptr<ByteSource> TakeError() override { return std::move(error); }
  Operation<absl::StatusOr<ExitStatus>> Wait() override {
    if (state_->status.has_value()) return absl::StatusOr<ExitStatus>(*state_->status);
    return Operation<absl::StatusOr<ExitStatus>>(new WaitOperation(state_));
  }
  void Kill(Signal signal) override {
    host_.core().soon.push_back([&host = host_, pid = pid_, signal] {
      if (SimProcess* process = host.FindProcess(pid)) process->Deliver(signal);
    });
  }

  std::unique_ptr<ByteSink> input;
  std::unique_ptr<ByteSource> output, error;

 private:
  SimHost& host_;
  const uint32_t pid_;
  std::shared_ptr<ChildState> state_;
};

// The child's credentials, or kEPERM if the caller may not give them.
absl::StatusOr<Credentials> ChildCredentials(const ProgramRequest& request,
                                             const Credentials& caller) {
  const Identity wanted = request.identity.value_or(caller.effective());
  if (caller.effective_user != kRootUser && wanted != caller.effective()) {
    return ErrnoStatus(Errno::kEPERM, absl::StrCat("set ids for ", request.path));
  }
  Credentials child;
  child.real_user = child.effective_user = child.saved_user = wanted.user;
  child.real_group = child.effective_group = child.saved_group = wanted.group;
  child.supplementary = wanted.supplementary;
  return child;
}

// What no execve(2) can hand on.
bool HasNul(const ProgramRequest& request) {
  const auto nul = [](absl::string_view text) { return text.find('\0') != text.npos; };
  return nul(request.path) || nul(request.working_directory) ||
         std::any_of(request.arguments.begin(), request.arguments.end(), nul) ||
         std::any_of(request.environment.begin(), request.environment.end(),
                     [&](const auto& each) { return nul(each.first) || nul(each.second); });
}

}  // namespace

Operation<ChildOr> SimPrograms::Start(const ProgramRequest& request) {
  if (process_.inert()) return ChildOr(ErrnoStatus(Errno::kESRCH, "fork"));
  if (HasNul(request)) {
    return ChildOr(ErrnoStatus(Errno::kEINVAL, absl::StrCat("exec ", request.path)));
  }
  SimHost& host = process_.host();
  absl::StatusOr<Credentials> credentials = ChildCredentials(request, process_.spec().credentials);
  if (!credentials.ok()) return ChildOr(credentials.status());
  ProcessSpec spec;
  spec.credentials = *std::move(credentials);
  spec.path = request.path;
  spec.arguments = request.arguments;
  spec.environment = request.environment;
  spec.working_directory = request.working_directory;
  spec.umask = process_.spec().umask;
  spec.parent = process_.pid();

  SimPipe input, output, error;
  if (request.pipe_input) {
    input = MakeSimPipe();
    spec.input = std::move(input.source);
  }
  if (request.pipe_output) {
    output = MakeSimPipe();
    spec.output = std::move(output.sink);
  }
  if (request.pipe_error) {
    error = MakeSimPipe();
    spec.error = std::move(error.sink);
  }
  auto state = std::make_shared<ChildState>();
  absl::StatusOr<SimProcess*> started =
      host.Execute(std::move(spec), [state](const ExitStatus& status) {
        state->status = status;
        if (state->waiter != nullptr) state->waiter->Wake();
      });
  if (!started.ok()) return ChildOr(started.status());
  auto child = std::make_unique<SimChild>(host, (*started)->pid(), state);
  child->input = std::move(input.sink);
  child->output = std::move(output.source);
  child->error = std::move(error.source);
  return ChildOr(std::move(child));
}

}  // namespace stagepost
