// PollableFd: a descriptor that is read and written without blocking the thread of control.
//
// Each call tries at once; only one that would have to wait suspends its task until epoll says that
// it is worth another try. A connection that has given less than was asked for is not tried again
// before epoll has spoken, as epoll(7) allows; an end that has been told of is not told again. What
// standard streams, pipes and connections have in common.
#ifndef STAGEPOST_MTA_POSIX_POLLABLE_FD_H_
#define STAGEPOST_MTA_POSIX_POLLABLE_FD_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/async/operation.h"
#include "mta/base/errno.h"
#include "mta/posix/event_loop.h"
#include "mta/posix/unique_fd.h"

namespace stagepost {

class PollableFd final : private Watch {
 public:
  enum class Kind {
    kSocket,
    kNonBlocking,  // ours alone, O_NONBLOCK set
    // A pipe or terminal that other programs have too, so that O_NONBLOCK, a property of the open
    // file, may not be set: asks poll(2) first, and writes no more than a ready pipe surely takes.
    kShared,
    kFile,  // always ready, by definition
  };

  PollableFd(EventLoop& events, UniqueFd fd, Kind kind)
      : events_(events), fd_(std::move(fd)), kind_(kind) {}
  // Whoever still waits (its process is dying) is forgotten.
  ~PollableFd();

  // The kind of an inherited descriptor.
  static Kind KindOfInherited(int fd);

  int fd() const { return fd_.get(); }
  // Whether a call waits.
  bool busy() const { return reader_ != nullptr || writer_ != nullptr; }

  // As ByteSource::Read and ByteSink::Write.
  Operation<absl::StatusOr<size_t>> Read(absl::Span<char> buffer);
  Operation<absl::StatusOr<size_t>> Write(absl::string_view bytes);

  // Closes the descriptor; calls that wait, and later ones, fail with `reason`.
  void Break(Errno reason);
  // Exchanges the descriptor, for which nobody waits. For daemons, whose streams become /dev/null.
  void Replace(UniqueFd fd, Kind kind);

 private:
  class Transfer;
  class ReadTransfer;
  class WriteTransfer;
  using Attempt = std::optional<absl::StatusOr<size_t>>;  // nullopt: would have to wait

  Attempt TryRead(absl::Span<char> buffer);
  Attempt TryReceive(absl::Span<char> buffer);
  Attempt TryWrite(absl::string_view bytes);
  bool PollSaysReady(short events) const;
  Attempt Outcome(ssize_t result, absl::string_view call) const;
  absl::Status EnsureWatched();
  void OnEvents(uint32_t events) override;

  EventLoop& events_;
  UniqueFd fd_;
  Kind kind_;
  Errno broken_ = Errno::kOk;
  bool drained_ = false;  // a socket that is watched has nothing to read until there is an edge
  bool ending_ = false;   // its end, or an error, has been told of: it stands behind what is read
  Transfer* reader_ = nullptr;
  Transfer* writer_ = nullptr;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_POLLABLE_FD_H_
