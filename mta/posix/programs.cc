#include "mta/posix/programs.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"
#include "mta/posix/fd_stream.h"
#include "mta/posix/thread_identity.h"

namespace stagepost {
namespace {

using WaitResult = absl::StatusOr<ExitStatus>;

void SendSignal(const StartedProgram& program, int number) {
  // By pidfd and not by number, which may belong to another process by now.
  ::syscall(SYS_pidfd_send_signal, program.pidfd.get(), number, nullptr, 0);
}

// The end of the program, reaped; nullopt while it runs.
std::optional<WaitResult> TryReap(const StartedProgram& program) {
  siginfo_t info = {};
  const int result = Retry([&] {
    return ::waitid(P_PIDFD, static_cast<id_t>(program.pidfd.get()), &info, WEXITED | WNOHANG);
  });
  if (result != 0) return LastError("waitid");
  if (info.si_pid == 0) return std::nullopt;
  ExitStatus status;
  if (info.si_code == CLD_EXITED) {
    status.code = info.si_status;
  } else {
    status.killed_by = static_cast<Signal>(info.si_status);
  }
  return status;
}

// The ends of one standard stream: the child's, and ours if it is a pipe.
struct StreamEnds {
  UniqueFd child;
  UniqueFd ours;
};

absl::StatusOr<StreamEnds> MakePipe(bool child_reads) {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return LastError("pipe");
  UniqueFd read(fds[0]), write(fds[1]);
  StreamEnds ends;
  ends.child = std::move(child_reads ? read : write);
  ends.ours = std::move(child_reads ? write : read);
  // The ends of a pipe are two open files, so the program does not see this.
  if (::fcntl(ends.ours.get(), F_SETFL, O_NONBLOCK | (child_reads ? O_WRONLY : O_RDONLY)) != 0) {
    return LastError("fcntl");
  }
  return ends;
}

absl::StatusOr<StreamEnds> MakeStream(bool is_pipe, bool child_reads) {
  if (is_pipe) return MakePipe(child_reads);
  StreamEnds ends;
  ends.child = UniqueFd(::open("/dev/null", (child_reads ? O_RDONLY : O_WRONLY) | O_CLOEXEC));
  if (!ends.child.valid()) return LastError("open /dev/null");
  return ends;
}

std::vector<gid_t> KernelIds(const std::vector<GroupId>& groups) {
  std::vector<gid_t> ids;
  for (GroupId group : groups) ids.push_back(static_cast<gid_t>(group));
  return ids;
}

// Never more than we may ourselves.
void AddLimit(int resource, std::optional<uint64_t> soft, uint64_t grace,
              std::vector<ResourceLimit>& limits) {
  if (!soft.has_value()) return;
  rlimit64 own = {};
  CHECK(::getrlimit64(static_cast<__rlimit_resource>(resource), &own) == 0) << resource;
  const rlim64_t hard = std::min<rlim64_t>(own.rlim_max, std::max(*soft, *soft + grace));
  limits.push_back({resource, std::min<rlim64_t>(hard, *soft), hard});
}

std::vector<ResourceLimit> KernelLimits(const ProgramLimits& limits) {
  std::vector<ResourceLimit> result;
  std::optional<uint64_t> seconds;
  if (limits.cpu_time.has_value()) {
    seconds = absl::ToInt64Seconds(absl::Ceil(*limits.cpu_time, absl::Seconds(1)));
  }
  AddLimit(RLIMIT_CPU, seconds, absl::ToInt64Seconds(ProgramLimits::kCpuGrace), result);
  AddLimit(RLIMIT_AS, limits.address_space_bytes, 0, result);
  AddLimit(RLIMIT_NOFILE, limits.open_files, 0, result);
  AddLimit(RLIMIT_FSIZE, limits.file_bytes, 0, result);
  AddLimit(RLIMIT_CORE, limits.core_bytes, 0, result);
  return result;
}

bool HasNul(const ProgramRequest& request) {
  bool nul =
      absl::StrContains(request.path, '\0') || absl::StrContains(request.working_directory, '\0');
  for (const std::string& argument : request.arguments) nul |= absl::StrContains(argument, '\0');
  for (const auto& [name, value] : request.environment) {
    nul |= absl::StrContains(name, '\0') || absl::StrContains(value, '\0');
  }
  return nul;
}

}  // namespace

class PosixChild final : public Child, private Watch {
 public:
  PosixChild(PosixPrograms& programs, StartedProgram program)
      : programs_(programs), program_(std::move(program)) {}
  ~PosixChild() override {
    if (waiting_ != nullptr) waiting_->ForgetChild();
    Unwatch();
    if (!ended_.has_value()) programs_.Abandon(std::move(program_));
  }

  void SetStreams(StreamEnds input, StreamEnds output, StreamEnds error) {
    constexpr auto kKind = PollableFd::Kind::kNonBlocking;
    EventLoop& events = programs_.events_;
    if (input.ours.valid()) input_ = std::make_unique<FdSink>(events, std::move(input.ours), kKind);
    if (output.ours.valid()) {
      output_ = std::make_unique<FdSource>(events, std::move(output.ours), kKind);
    }
    if (error.ours.valid()) {
      error_ = std::make_unique<FdSource>(events, std::move(error.ours), kKind);
    }
  }

  ProcessId pid() const override { return ProcessId{program_.pid}; }
  std::unique_ptr<ByteSink> TakeInput() override { return std::move(input_); }
  std::unique_ptr<ByteSource> TakeOutput() override { return std::move(output_); }
  std::unique_ptr<ByteSource> TakeError() override { return std::move(error_); }

  Operation<WaitResult> Wait() override {
    if (HasEnded()) return *ended_;
    return Operation<WaitResult>(new WaitOperation(*this));
  }
  void Kill(Signal signal) override {
    if (!ended_.has_value()) SendSignal(program_, static_cast<int>(signal));
  }

 private:
  class WaitOperation final : public PendingOperation<WaitResult> {
   public:
    explicit WaitOperation(PosixChild& child) : child_(child) {}
    ~WaitOperation() override { Leave(); }
    void Conclude(WaitResult result) {
      Leave();
      Finish(std::move(result));
    }
    void ForgetChild() { waits_ = false; }

   private:
    void Start() override {
      CHECK(child_.waiting_ == nullptr) << "two calls of Wait at a time";
      child_.waiting_ = this;
      waits_ = true;
      if (absl::Status watched = child_.EnsureWatched(); !watched.ok()) Conclude(watched);
    }
    void OnStop() override { Conclude(absl::CancelledError("cancelled")); }
    void Leave() {
      if (waits_) child_.waiting_ = nullptr;
      waits_ = false;
    }
    PosixChild& child_;
    bool waits_ = false;
  };

  bool HasEnded() {
    if (!ended_.has_value()) {
      ended_ = TryReap(program_);
      if (ended_.has_value()) --programs_.running_;
    }
    return ended_.has_value();
  }
  absl::Status EnsureWatched() {
    return watched() ? absl::OkStatus()
                     : programs_.events_.Add(*this, program_.pidfd.get(), EPOLLIN);
  }
  void OnEvents(uint32_t) override {
    if (waiting_ != nullptr && HasEnded()) waiting_->Conclude(*ended_);
  }

  PosixPrograms& programs_;
  StartedProgram program_;
  std::unique_ptr<ByteSink> input_;
  std::unique_ptr<ByteSource> output_, error_;
  std::optional<WaitResult> ended_;
  WaitOperation* waiting_ = nullptr;
};

class PosixPrograms::Reaper final : public ListNode<Reaper>, private Watch {
 public:
  Reaper(PosixPrograms& programs, StartedProgram program)
      : programs_(programs), program_(std::move(program)) {}
  ~Reaper() {
    Unwatch();
    --programs_.running_;
  }
  // Destroys itself when the program has ended.
  void Begin() {
    if (!programs_.events_.Add(*this, program_.pidfd.get(), EPOLLIN).ok()) delete this;
  }

 private:
  void OnEvents(uint32_t) override {
    if (TryReap(program_).has_value()) delete this;
  }
  PosixPrograms& programs_;
  StartedProgram program_;
};

PosixPrograms::PosixPrograms(EventLoop& events, const PrivateRoot& root, const OwnIdentity& own)
    : events_(events), root_(root), own_(own) {}

PosixPrograms::~PosixPrograms() {
  while (!reapers_.empty()) delete &reapers_.front();
}

void PosixPrograms::Abandon(StartedProgram program) {
  SendSignal(program, SIGKILL);
  auto* reaper = new Reaper(*this, std::move(program));
  reapers_.PushBack(*reaper);
  reaper->Begin();
}

absl::StatusOr<std::unique_ptr<Child>> PosixPrograms::DoStart(const ProgramRequest& request) {
  ActAsOneself();  // the program begins as this thread
  if (HasNul(request)) return ErrnoStatus(Errno::kEINVAL, absl::StrCat("exec ", request.path));
  if (request.limits.cpu_time.value_or(absl::Seconds(1)) <= absl::ZeroDuration()) {
    return ErrnoStatus(Errno::kEINVAL, absl::StrCat("set limits for ", request.path));
  }
  StartPlan plan{.path = root_.ToMachine(request.path),
                 .arguments = request.arguments,
                 .variables = {},
                 .working_directory = root_.ToMachine(request.working_directory),
                 .groups = {},
                 .limits = KernelLimits(request.limits)};
  for (const auto& [name, value] : request.environment) {
    if (name != kPrivateRootVariable) plan.variables.push_back(absl::StrCat(name, "=", value));
  }
  if (root_.active()) {
    plan.variables.push_back(absl::StrCat(kPrivateRootVariable, "=", root_.directory()));
  }
  const Identity identity = request.identity.value_or(own_.credentials().effective());
  if (!own_.privileged() && !own_.Has(identity)) {
    return ErrnoStatus(Errno::kEPERM, absl::StrCat("set ids for ", request.path));
  }
  plan.user = static_cast<uid_t>(identity.user);
  plan.group = static_cast<gid_t>(identity.group);
  plan.set_groups = own_.privileged() && !own_.Has(identity);
  plan.groups = KernelIds(identity.supplementary);

  ASSIGN_OR_RETURN(StreamEnds input, MakeStream(request.pipe_input, true));
  ASSIGN_OR_RETURN(StreamEnds output, MakeStream(request.pipe_output, false));
  ASSIGN_OR_RETURN(StreamEnds error, MakeStream(request.pipe_error, false));
  plan.streams[0] = input.child.get();
  plan.streams[1] = output.child.get();
  plan.streams[2] = error.child.get();
  ASSIGN_OR_RETURN(StartedProgram started,
                   StartProgram(plan, request.path, request.working_directory));
  ++running_;
  auto child = std::make_unique<PosixChild>(*this, std::move(started));
  child->SetStreams(std::move(input), std::move(output), std::move(error));
  return child;
}

Operation<absl::StatusOr<std::unique_ptr<Child>>> PosixPrograms::Start(
    const ProgramRequest& request) {
  return DoStart(request);
}

}  // namespace stagepost
