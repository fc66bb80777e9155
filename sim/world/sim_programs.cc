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
  SimChild(SimHost& host, uint32_t pid, std::shared_ptr<ChildState> state, DescriptorTable& table)
      : host_(host), pid_(pid), state_(std::move(state)), descriptor_(&table) {}
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
  const Descriptor descriptor_;
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

// A pipe's end in the caller, with its descriptor.
class PipeSink final : public ByteSink {
 public:
  PipeSink(DescriptorTable& table, std::unique_ptr<ByteSink> end)
      : descriptor_(&table), end_(std::move(end)) {}
  Operation<absl::StatusOr<size_t>> Write(absl::string_view bytes) override {
    return end_->Write(bytes);
  }

 private:
  const Descriptor descriptor_;
  const std::unique_ptr<ByteSink> end_;
};

class PipeSource final : public ByteSource {
 public:
  PipeSource(DescriptorTable& table, std::unique_ptr<ByteSource> end)
      : descriptor_(&table), end_(std::move(end)) {}
  Operation<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override {
    return end_->Read(buffer);
  }

 private:
  const Descriptor descriptor_;
  const std::unique_ptr<ByteSource> end_;
};

// Both ends of each pipe, /dev/null where there is none, and the handle of the process.
uint64_t DescriptorsFor(const ProgramRequest& request) {
  return 4u + (request.pipe_input ? 1 : 0) + (request.pipe_output ? 1 : 0) +
         (request.pipe_error ? 1 : 0);
}

template <class T>
std::optional<T> Least(const std::optional<T>& own, const std::optional<T>& asked) {
  if (!own.has_value() || !asked.has_value()) return asked.has_value() ? asked : own;
  return std::min(*own, *asked);
}

// The child's limits: those asked for, but never beyond the caller's.
absl::StatusOr<ProgramLimits> ChildLimits(const ProgramRequest& request, const ProgramLimits& own) {
  const ProgramLimits& asked = request.limits;
  if (asked.cpu_time.value_or(absl::Seconds(1)) <= absl::ZeroDuration()) {
    return ErrnoStatus(Errno::kEINVAL, absl::StrCat("set limits for ", request.path));
  }
  if (asked.address_space_bytes.has_value()) {
    return ErrnoStatus(Errno::kEOPNOTSUPP, absl::StrCat("limit the address space of ", request.path,
                                                        ", of which a simulated program has none"));
  }
  return ProgramLimits{.cpu_time = Least(own.cpu_time, asked.cpu_time),
                       .address_space_bytes = std::nullopt,
                       .open_files = Least(own.open_files, asked.open_files),
                       .file_bytes = Least(own.file_bytes, asked.file_bytes),
                       .core_bytes = Least(own.core_bytes, asked.core_bytes)};
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
  absl::StatusOr<ProgramLimits> limits = ChildLimits(request, process_.spec().limits);
  if (!limits.ok()) return ChildOr(limits.status());
  DescriptorTable& descriptors = process_.descriptors();
  if (!descriptors.HasRoomFor(DescriptorsFor(request))) {
    return ChildOr(ErrnoStatus(Errno::kEMFILE, absl::StrCat("streams of ", request.path)));
  }
  ProcessSpec spec;
  spec.limits = *limits;
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
  auto child = std::make_unique<SimChild>(host, (*started)->pid(), state, descriptors);
  if (input.sink != nullptr) {
    child->input = std::make_unique<PipeSink>(descriptors, std::move(input.sink));
  }
  if (output.source != nullptr) {
    child->output = std::make_unique<PipeSource>(descriptors, std::move(output.source));
  }
  if (error.source != nullptr) {
    child->error = std::make_unique<PipeSource>(descriptors, std::move(error.source));
  }
  return ChildOr(std::move(child));
}

}  // namespace stagepost
