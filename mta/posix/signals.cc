#include "mta/posix/signals.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>

namespace stagepost {
namespace {

constexpr int kKeptFromTheStart[] = {SIGUSR1, SIGUSR2, SIGALRM};
constexpr int kEndByNature[] = {SIGHUP, SIGINT, SIGTERM};

sigset_t SetOf(bool with_ending) {
  sigset_t set;
  ::sigemptyset(&set);
  for (int number : kKeptFromTheStart) ::sigaddset(&set, number);
  if (with_ending) {
    for (int number : kEndByNature) ::sigaddset(&set, number);
  }
  return set;
}

}  // namespace

void PrepareSignals() {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // the call that wanted to write says EFBIG
  // Ignored by whoever started us, the kernel would reap our children by itself.
  ::signal(SIGCHLD, SIG_DFL);
  const sigset_t kept = SetOf(false);
  ::pthread_sigmask(SIG_SETMASK, &kept, nullptr);
}

absl::Status SignalQueue::EnsureOpen() {
  if (fd_.valid()) return absl::OkStatus();
  const sigset_t told = SetOf(true);
  ::pthread_sigmask(SIG_BLOCK, &told, nullptr);
  UniqueFd fd(::signalfd(-1, &told, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd.valid()) return LastError("signalfd");
  if (absl::Status added = events_.Add(*this, fd.get(), EPOLLIN); !added.ok()) return added;
  fd_ = std::move(fd);
  return absl::OkStatus();
}

void SignalQueue::Drain() {
  signalfd_siginfo info;
  while (Retry([&] { return ::read(fd_.get(), &info, sizeof(info)); }) == sizeof(info)) {
    const Signal signal = static_cast<Signal>(info.ssi_signo);
    if (std::find(arrived_.begin(), arrived_.end(), signal) == arrived_.end()) {
      arrived_.push_back(signal);
    }
  }
}

void SignalQueue::Deliver() {
  while (!arrived_.empty() && !waiters_.empty()) {
    waiters_.PopFront().Finish(arrived_.front());
    arrived_.pop_front();
  }
}

Operation<absl::StatusOr<Signal>> SignalQueue::Next() {
  using Result = absl::StatusOr<Signal>;
  if (absl::Status open = EnsureOpen(); !open.ok()) return Result(open);
  OnEvents(0);
  if (arrived_.empty()) return Operation<Result>(new NextOperation(*this));
  const Signal signal = arrived_.front();
  arrived_.pop_front();
  return Result(signal);
}

void SignalQueue::OnEvents(uint32_t) {
  Drain();
  Deliver();
}

}  // namespace stagepost
