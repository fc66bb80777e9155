#include "mta/posix/process.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"
#include "mta/posix/thread_identity.h"

namespace stagepost {
namespace {

// A standard stream on a descriptor of its own, so that closing it leaves 0, 1 and 2 taken.
template <class Stream>
Stream StandardStream(EventLoop& events, int fd) {
  return Stream(events, UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3)), PollableFd::KindOfInherited(fd));
}

absl::Status SetGroups(const std::vector<GroupId>& groups) {
  std::vector<gid_t> ids;
  for (GroupId group : groups) ids.push_back(static_cast<gid_t>(group));
  if (::setgroups(ids.size(), ids.data()) != 0) return LastError("setgroups");
  return absl::OkStatus();
}

bool OneOf(UserId user, const Credentials& own) {
  return user == own.real_user || user == own.effective_user || user == own.saved_user;
}

bool OneOf(GroupId group, const Credentials& own) {
  return group == own.real_group || group == own.effective_group || group == own.saved_group;
}

// Helpers die with whoever started them; the kernel forgets that when ids change.
class DeathSignalKept {
 public:
  DeathSignalKept() { ::prctl(PR_GET_PDEATHSIG, &number_); }
  ~DeathSignalKept() {
    if (number_ == 0) return;
    ::prctl(PR_SET_PDEATHSIG, number_);
    if (::getppid() != parent_) ::raise(number_);
  }

 private:
  int number_ = 0;
  const pid_t parent_ = ::getppid();
};

}  // namespace

PosixProcess::PosixProcess(const Parts& parts, std::map<std::string, std::string> variables,
                           TitleArea title)
    : parts_(parts),
      variables_(std::move(variables)),
      title_(title),
      signals_(parts.events),
      input_(StandardStream<FdSource>(parts.events, STDIN_FILENO)),
      output_(StandardStream<FdSink>(parts.events, STDOUT_FILENO)),
      error_(StandardStream<FdSink>(parts.events, STDERR_FILENO)) {}

ProcessId PosixProcess::pid() const { return ProcessId{::getpid()}; }

bool PosixProcess::MayBecome(const Identity& identity) const {
  if (parts_.own.privileged()) return true;
  const Credentials& own = credentials();
  if (!OneOf(identity.user, own) || !OneOf(identity.group, own)) return false;
  Identity same = own.effective();
  same.supplementary = identity.supplementary;
  return parts_.own.Has(same);  // the other groups cannot be changed
}

absl::Status PosixProcess::SetAllIds(const Identity& identity) {
  const Credentials before = credentials();
  const uid_t user = static_cast<uid_t>(identity.user);
  const gid_t group = static_cast<gid_t>(identity.group);
  // glibc's calls, not the kernel's: these change every thread.
  if (identity.supplementary != before.supplementary && parts_.own.privileged()) {
    RETURN_IF_ERROR(SetGroups(identity.supplementary));
  }
  if (::setresgid(group, group, group) == 0 && ::setresuid(user, user, user) == 0) {
    return absl::OkStatus();
  }
  absl::Status failed = LastError("set ids");  // the ids mean nothing in this user namespace
  CHECK(::setresgid(static_cast<gid_t>(before.real_group),
                    static_cast<gid_t>(before.effective_group),
                    static_cast<gid_t>(before.saved_group)) == 0);
  if (identity.supplementary != before.supplementary && parts_.own.privileged()) {
    CHECK(SetGroups(before.supplementary).ok());
  }
  return failed;
}

absl::Status PosixProcess::BecomePermanently(const Identity& identity) {
  if (!MayBecome(identity)) return ErrnoStatus(Errno::kEPERM, "become another user");
  DeathSignalKept death_signal;
  ActAsOneself();
  RETURN_IF_ERROR(SetAllIds(identity));
  parts_.own.Refresh();
  const Credentials& now = credentials();
  CHECK(now.real_user == identity.user && now.effective_user == identity.user &&
        now.saved_user == identity.user);
  CHECK(now.real_group == identity.group && now.effective_group == identity.group &&
        now.saved_group == identity.group);
  CHECK(parts_.own.Has(identity));
  if (identity.user != kRootUser) {
    CHECK(::setresuid(static_cast<uid_t>(-1), 0, static_cast<uid_t>(-1)) != 0)
        << "privilege was given up, but came back";
  }
  return absl::OkStatus();
}

FileMode PosixProcess::SetUmask(FileMode mask) { return ::umask(mask); }

Operation<absl::Status> PosixProcess::ChangeDirectory(absl::string_view path) {
  const std::string what = absl::StrCat("chdir ", path);
  absl::StatusOr<std::string> real = parts_.root.ToMachine(what, path);
  if (!real.ok()) return real.status();
  ActAsOneself();
  ++parts_.working_directory.changes;
  if (::chdir(real->c_str()) != 0) return LastError(what);
  return absl::OkStatus();
}

std::string PosixProcess::working_directory() const {
  std::array<char, PATH_MAX> path;
  ActAsOneself();
  if (::getcwd(path.data(), path.size()) == nullptr) return "";  // it has been removed
  return parts_.root.FromMachine(path.data());
}

std::optional<std::string> PosixProcess::EnvironmentVariable(absl::string_view name) const {
  const auto variable = variables_.find(std::string(name));
  if (variable == variables_.end()) return std::nullopt;
  return variable->second;
}

absl::Status PosixProcess::StreamsToNull() {
  UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null.valid()) return LastError("open /dev/null");
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null.get(), fd);
  PollableFd* const streams[] = {&input_.descriptor(), &output_.descriptor(), &error_.descriptor()};
  for (PollableFd* stream : streams) {
    stream->Replace(UniqueFd(::fcntl(null.get(), F_DUPFD_CLOEXEC, 3)), PollableFd::Kind::kFile);
  }
  return absl::OkStatus();
}

absl::Status PosixProcess::Daemonise() {
  if (daemonised_) return absl::FailedPreconditionError("this process is a daemon already");
  if (parts_.programs.running() > 0) {
    return absl::FailedPreconditionError("programs that this process has started are running");
  }
  if (input_.descriptor().busy() || output_.descriptor().busy() || error_.descriptor().busy()) {
    return absl::FailedPreconditionError("a standard stream is in use");
  }
  ActAsOneself();
  parts_.workers.Quiesce();  // fork() copies this thread only
  const pid_t child = ::fork();
  if (child < 0) return LastError("fork");
  if (child > 0) ::_exit(0);
  daemonised_ = true;
  ::setsid();
  parts_.events.RebuildAfterFork();
  parts_.workers.RebuildAfterFork();
  return StreamsToNull();
}

bool PosixProcess::standard_error_is_terminal() const { return ::isatty(2) == 1; }

}  // namespace stagepost
