#include "mta/posix/pollable_fd.h"

#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "mta/base/check.h"

namespace stagepost {

// One Read or Write that waits; its place is reader_ or writer_ of its descriptor.
class PollableFd::Transfer : public PendingOperation<absl::StatusOr<size_t>> {
 public:
  Transfer(PollableFd& owner, Transfer*& place) : owner_(&owner), wanted_(&place) {}
  ~Transfer() override { Leave(); }

  void TryAgain() {
    if (Attempt attempt = Try(*owner_)) Conclude(*std::move(attempt));
  }
  void Conclude(absl::StatusOr<size_t> result) {
    Leave();
    Finish(std::move(result));
  }
  void ForgetOwner() { place_ = nullptr; }

 protected:
  virtual Attempt Try(PollableFd& owner) = 0;

 private:
  void Start() override {
    CHECK(*wanted_ == nullptr) << "two transfers of one direction at a time";
    place_ = wanted_;
    *place_ = this;
    if (absl::Status watched = owner_->EnsureWatched(); !watched.ok()) Conclude(watched);
  }
  void OnStop() override { Conclude(absl::CancelledError("cancelled")); }
  void Leave() {
    if (place_ != nullptr) *place_ = nullptr;
    place_ = nullptr;
  }

  PollableFd* owner_;
  Transfer** wanted_;
  Transfer** place_ = nullptr;  // wanted_ while it is taken by this transfer
};

class PollableFd::ReadTransfer final : public Transfer {
 public:
  ReadTransfer(PollableFd& owner, absl::Span<char> buffer)
      : Transfer(owner, owner.reader_), buffer_(buffer) {}

 private:
  Attempt Try(PollableFd& owner) override { return owner.TryRead(buffer_); }
  absl::Span<char> buffer_;
};

class PollableFd::WriteTransfer final : public Transfer {
 public:
  WriteTransfer(PollableFd& owner, absl::string_view bytes)
      : Transfer(owner, owner.writer_), bytes_(bytes) {}

 private:
  Attempt Try(PollableFd& owner) override { return owner.TryWrite(bytes_); }
  absl::string_view bytes_;
};

PollableFd::~PollableFd() {
  if (reader_ != nullptr) reader_->ForgetOwner();
  if (writer_ != nullptr) writer_->ForgetOwner();
  Unwatch();
}

PollableFd::Kind PollableFd::KindOfInherited(int fd) {
  struct stat status;
  if (::fstat(fd, &status) != 0) return Kind::kFile;  // the call that follows says why
  if (S_ISSOCK(status.st_mode)) return Kind::kSocket;
  if (S_ISREG(status.st_mode)) return Kind::kFile;
  return Kind::kShared;
}

bool PollableFd::PollSaysReady(short events) const {
  pollfd poll_fd = {.fd = fd_.get(), .events = events, .revents = 0};
  return ::poll(&poll_fd, 1, 0) != 0;  // an error shows in the call itself
}

PollableFd::Attempt PollableFd::Outcome(ssize_t result, absl::string_view call) const {
  if (result >= 0) return absl::StatusOr<size_t>(static_cast<size_t>(result));
  if (errno == EAGAIN) return std::nullopt;
  return absl::StatusOr<size_t>(LastError(call));
}

PollableFd::Attempt PollableFd::TryRead(absl::Span<char> buffer) {
  if (broken_ != Errno::kOk) return absl::StatusOr<size_t>(ErrnoStatus(broken_, "read"));
  if (kind_ == Kind::kSocket) return TryReceive(buffer);
  if (kind_ == Kind::kShared && !PollSaysReady(POLLIN)) return std::nullopt;
  return Outcome(Retry([&] { return ::read(fd_.get(), buffer.data(), buffer.size()); }), "read");
}

PollableFd::Attempt PollableFd::TryReceive(absl::Span<char> buffer) {
  if (drained_) return std::nullopt;
  const ssize_t got =
      Retry([&] { return ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT); });
  const int error = errno;
  const bool is_end = ending_ || got == 0 || (got < 0 && error != EAGAIN);
  drained_ = watched() && !is_end && got < static_cast<ssize_t>(buffer.size());
  errno = error;
  return Outcome(got, "read");
}

PollableFd::Attempt PollableFd::TryWrite(absl::string_view bytes) {
  if (broken_ != Errno::kOk) return absl::StatusOr<size_t>(ErrnoStatus(broken_, "write"));
  if (kind_ == Kind::kShared) {
    if (!PollSaysReady(POLLOUT)) return std::nullopt;
    bytes = bytes.substr(0, PIPE_BUF);
  }
  return Outcome(Retry([&] {
                   return kind_ == Kind::kSocket ? ::send(fd_.get(), bytes.data(), bytes.size(),
                                                          MSG_DONTWAIT | MSG_NOSIGNAL)
                                                 : ::write(fd_.get(), bytes.data(), bytes.size());
                 }),
                 "write");
}

Operation<absl::StatusOr<size_t>> PollableFd::Read(absl::Span<char> buffer) {
  if (Attempt attempt = TryRead(buffer)) return *std::move(attempt);
  return Operation<absl::StatusOr<size_t>>(new ReadTransfer(*this, buffer));
}

Operation<absl::StatusOr<size_t>> PollableFd::Write(absl::string_view bytes) {
  if (Attempt attempt = TryWrite(bytes)) return *std::move(attempt);
  return Operation<absl::StatusOr<size_t>>(new WriteTransfer(*this, bytes));
}

absl::Status PollableFd::EnsureWatched() {
  if (watched()) return absl::OkStatus();
  return events_.Add(*this, fd_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP);
}

void PollableFd::OnEvents(uint32_t events) {
  drained_ = false;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ending_ = true;
  if (reader_ != nullptr) reader_->TryAgain();
  if (writer_ != nullptr) writer_->TryAgain();
}

void PollableFd::Break(Errno reason) {
  broken_ = reason;
  Unwatch();
  fd_.Reset();
  OnEvents(0);
}

void PollableFd::Replace(UniqueFd fd, Kind kind) {
  CHECK(!busy());
  Unwatch();
  drained_ = ending_ = false;
  fd_ = std::move(fd);
  kind_ = kind;
}

}  // namespace stagepost
