#include "tools/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

absl::Status Failed(absl::string_view what, int error) {
  return absl::InternalError(absl::StrCat(what, ": ", std::generic_category().message(error)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::StartSelf(
    const std::vector<std::string>& arguments) {
  int input[2], output[2];
  if (pipe2(input, O_CLOEXEC) != 0) return Failed("pipe", errno);
  if (pipe2(output, O_CLOEXEC) != 0) {
    const int error = errno;
    close(input[0]);
    close(input[1]);
    return Failed("pipe", error);
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(input[0]);
  close(output[1]);
  if (error != 0) {
    close(input[1]);
    close(output[0]);
    return Failed("cannot start a worker", error);
  }
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, input[1], output[0]));
}

ChildProcess::~ChildProcess() {
  close(input_);
  close(output_);
  if (pid_ == 0) return;
  // A worker in the middle of a run sees the end of its input only afterwards.
  for (absl::Duration waited; waited < kGrace; waited += absl::Milliseconds(10)) {
    if (waitpid(pid_, nullptr, WNOHANG) != 0) return;
    poll(nullptr, 0, 10);
  }
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool ChildProcess::Send(absl::string_view line) {
  std::string bytes = absl::StrCat(line, "\n");
  absl::string_view left = bytes;
  while (!left.empty()) {
    const ssize_t written = write(input_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    left.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

void ChildProcess::Receive() {
  char bytes[64 << 10];
  ssize_t read = 0;
  do {
    read = ::read(output_, bytes, sizeof bytes);
  } while (read < 0 && errno == EINTR);
  if (read <= 0) {
    ended_ = true;
  } else {
    buffer_.erase(0, taken_);
    taken_ = 0;
    buffer_.append(bytes, static_cast<size_t>(read));
  }
}

std::optional<std::string> ChildProcess::NextLine() {
  const size_t end = buffer_.find('\n', taken_);
  if (end == std::string::npos) return std::nullopt;
  std::string line = buffer_.substr(taken_, end - taken_);
  taken_ = end + 1;
  return line;
}

std::optional<std::string> ChildProcess::WaitForLine() {
  while (true) {
    if (std::optional<std::string> line = NextLine()) return line;
    if (ended_) return std::nullopt;
    Receive();
  }
}

std::string ChildProcess::HowItEnded() {
  int status = 0;
  if (pid_ == 0 || waitpid(pid_, &status, 0) != pid_) return "unknown";
  pid_ = 0;
  if (WIFSIGNALED(status)) return absl::StrCat("signal ", WTERMSIG(status));
  return absl::StrCat("status ", WEXITSTATUS(status));
}

Interrupts::Interrupts() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  // A worker that has died is noticed when it is read from.
  signal(SIGPIPE, SIG_IGN);
  fd_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

Interrupts::~Interrupts() {
  if (fd_ >= 0) close(fd_);
}

void Interrupts::Take() {
  signalfd_siginfo info;
  while (read(fd_, &info, sizeof info) > 0) {
  }
}

std::vector<int> WaitForInput(const std::vector<int>& fds, absl::Duration at_most) {
  std::vector<pollfd> polled;
  for (const int fd : fds) polled.push_back({fd, POLLIN, 0});
  const int64_t ms = std::clamp<int64_t>(absl::ToInt64Milliseconds(at_most), 0, 60'000);
  std::vector<int> ready;
  if (poll(polled.data(), polled.size(), static_cast<int>(ms)) <= 0) return ready;
  for (const pollfd& entry : polled) {
    if (entry.fd >= 0 && entry.revents != 0) ready.push_back(entry.fd);
  }
  return ready;
}

}  // namespace stagepost
