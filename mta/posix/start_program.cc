#include "mta/posix/start_program.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/check.h"

namespace stagepost {
namespace {

constexpr size_t kStackBytes = 64 * 1024;

enum class Step { kNone, kIds, kDirectory, kStreams, kParent, kLimits, kExec };

// Shared between the parent, which stands still, and the child. Plain data only.
struct Launch {
  const char* path;
  const char* directory;
  const char* const* arguments;
  const char* const* variables;
  uid_t user;
  gid_t group;
  bool set_groups;
  const gid_t* groups;
  size_t group_count;
  int streams[3];
  const ResourceLimit* limits;
  size_t limit_count;
  pid_t parent;
  volatile Step failed_step;
  volatile int error;
};

// Sanitizers keep state per thread, which the child shares with the parent: none in here.
#define RAW_CHILD __attribute__((no_sanitize("address", "undefined"), noinline))

RAW_CHILD long SetIds(const Launch& launch) {
  if (launch.set_groups) {
    if (::syscall(SYS_setgroups, launch.group_count, launch.groups) != 0) return -1;
  }
  if (::syscall(SYS_setresgid, launch.group, launch.group, launch.group) != 0) return -1;
  return ::syscall(SYS_setresuid, launch.user, launch.user, launch.user);
}

RAW_CHILD long SetStreams(const Launch& launch) {
  for (int i = 0; i < 3; ++i) {
    if (::syscall(SYS_dup3, launch.streams[i], i, 0) < 0) return -1;
  }
  return ::syscall(SYS_close_range, 3u, ~0u, 0u);
}

// What a program may expect: nothing blocked, nothing ignored, nobody's handlers.
RAW_CHILD void ResetSignals() {
  struct {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)();
    unsigned long mask;
  } as_at_first = {SIG_DFL, 0, nullptr, 0};
  for (int number = 1; number < 65; ++number) {
    ::syscall(SYS_rt_sigaction, number, &as_at_first, nullptr, sizeof(unsigned long));
  }
  const unsigned long none = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof(none));
}

// A change of ids clears the death signal, so it comes after. When the parent has died meanwhile no
// signal will come any more.
RAW_CHILD long DieWithParent(pid_t parent) {
  if (::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return -1;
  return ::syscall(SYS_getppid) == parent ? 0 : -1;
}

// Last, since what comes before needs descriptors. The parent's limits stay: only memory is shared.
RAW_CHILD long SetLimits(const Launch& launch) {
  for (size_t i = 0; i < launch.limit_count; ++i) {
    const ResourceLimit& limit = launch.limits[i];
    const rlim64_t both[2] = {limit.soft, limit.hard};
    if (::syscall(SYS_prlimit64, 0, limit.resource, both, nullptr) != 0) return -1;
  }
  return 0;
}

RAW_CHILD int ChildMain(void* argument) {
  Launch& launch = *static_cast<Launch*>(argument);
  Step step = Step::kIds;
  long result = SetIds(launch);
  if (result == 0) {
    step = Step::kDirectory;
    result = ::syscall(SYS_chdir, launch.directory);
  }
  if (result == 0) {
    step = Step::kStreams;
    result = SetStreams(launch);
  }
  if (result == 0) {
    step = Step::kParent;
    result = DieWithParent(launch.parent);
  }
  if (result == 0) {
    step = Step::kLimits;
    result = SetLimits(launch);
  }
  if (result == 0) {
    step = Step::kExec;
    ResetSignals();
    ::syscall(SYS_execve, launch.path, launch.arguments, launch.variables);
  }
  launch.error = errno;
  launch.failed_step = step;
  ::syscall(SYS_exit, 127);
  return 127;
}

std::vector<const char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  pointers.push_back(nullptr);
  return pointers;
}

// Memory for the child's stack, with a guard page below.
class ChildStack {
 public:
  ChildStack()
      : memory_(::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
    if (memory_ != MAP_FAILED) ::mprotect(memory_, 4096, PROT_NONE);
  }
  ChildStack(const ChildStack&) = delete;
  ChildStack& operator=(const ChildStack&) = delete;
  ~ChildStack() {
    if (memory_ != MAP_FAILED) ::munmap(memory_, kStackBytes);
  }
  bool valid() const { return memory_ != MAP_FAILED; }
  void* top() const { return static_cast<char*>(memory_) + kStackBytes; }

 private:
  void* memory_;
};

// A handler that ran in the child would run in our memory.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

absl::Status FailureOf(const Launch& launch, absl::string_view shown_path,
                       absl::string_view shown_directory) {
  const Errno error = static_cast<Errno>(launch.error);
  switch (launch.failed_step) {
    case Step::kIds:
      return ErrnoStatus(error, absl::StrCat("set ids for ", shown_path));
    case Step::kDirectory:
      return ErrnoStatus(error, absl::StrCat("chdir ", shown_directory, " for ", shown_path));
    case Step::kStreams:
      return ErrnoStatus(error, absl::StrCat("set streams for ", shown_path));
    case Step::kLimits:
      return ErrnoStatus(error, absl::StrCat("set limits for ", shown_path));
    case Step::kParent:
      return ErrnoStatus(Errno::kESRCH, absl::StrCat("parent of ", shown_path));
    default:
      return ErrnoStatus(error, absl::StrCat("exec ", shown_path));
  }
}

}  // namespace

absl::StatusOr<StartedProgram> StartProgram(const StartPlan& plan, absl::string_view shown_path,
                                            absl::string_view shown_directory) {
  for (int stream : plan.streams) CHECK(stream > 2) << "a stream below 3";
  const std::vector<const char*> arguments = Pointers(plan.arguments);
  const std::vector<const char*> variables = Pointers(plan.variables);
  Launch launch{.path = plan.path.c_str(),
                .directory = plan.working_directory.c_str(),
                .arguments = arguments.data(),
                .variables = variables.data(),
                .user = plan.user,
                .group = plan.group,
                .set_groups = plan.set_groups,
                .groups = plan.groups.data(),
                .group_count = plan.groups.size(),
                .streams = {plan.streams[0], plan.streams[1], plan.streams[2]},
                .limits = plan.limits.data(),
                .limit_count = plan.limits.size(),
                .parent = ::getpid(),
                .failed_step = Step::kNone,
                .error = 0};
  ChildStack stack;
  if (!stack.valid()) return LastError(absl::StrCat("stack for ", shown_path));
  int pidfd = -1;
  pid_t pid;
  {
    AllSignalsBlocked blocked;
    pid = ::clone(&ChildMain, stack.top(), CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &launch,
                  &pidfd);
  }
  if (pid < 0) return LastError(absl::StrCat("clone for ", shown_path));
  StartedProgram started{.pid = pid, .pidfd = UniqueFd(pidfd)};
  if (launch.failed_step != Step::kNone) {
    Retry([&] { return ::waitpid(pid, nullptr, 0); });
    return FailureOf(launch, shown_path, shown_directory);
  }
  return started;
}

}  // namespace stagepost
