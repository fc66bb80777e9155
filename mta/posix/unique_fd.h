// A file descriptor that is owned, and the error of a system call as a Status.
#ifndef STAGEPOST_MTA_POSIX_UNIQUE_FD_H_
#define STAGEPOST_MTA_POSIX_UNIQUE_FD_H_

#include <errno.h>
#include <unistd.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mta/base/errno.h"

namespace stagepost {

// Closes its descriptor when destroyed; -1 is none.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) Reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }
  void Reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

// The error of the system call that has just failed, as "<what>: <text>".
inline absl::Status LastError(absl::string_view what) {
  return ErrnoStatus(static_cast<Errno>(errno), what);
}

// Repeats a system call that was interrupted.
template <class Call>
auto Retry(Call call) {
  auto result = call();
  while (result == -1 && errno == EINTR) result = call();
  return result;
}

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_UNIQUE_FD_H_
