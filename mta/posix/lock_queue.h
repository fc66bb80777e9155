// LockQueue: who waits for a lock on a file.
//
// Neither flock(2) nor fcntl(2) can wait without holding a thread, and a thread in such a wait can
// only be stopped by a signal; a few of them would also keep the workers from the very syncs that
// the holders of the locks are waiting for. So waiting means trying again: at once when this
// process unlocks or closes the same file, and otherwise at intervals from kFirstRetry, doubling up
// to kLastRetry. Waiters of one process get the lock in the order they came in.
#ifndef STAGEPOST_MTA_POSIX_LOCK_QUEUE_H_
#define STAGEPOST_MTA_POSIX_LOCK_QUEUE_H_

#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "mta/async/loop.h"
#include "mta/async/operation.h"
#include "mta/async/timer_queue.h"
#include "mta/base/intrusive_list.h"

namespace stagepost {

class LockQueue {
 public:
  static constexpr absl::Duration kFirstRetry = absl::Milliseconds(2);
  static constexpr absl::Duration kLastRetry = absl::Milliseconds(100);

  // Tries to lock; nullopt: another has it.
  using Attempt = std::function<std::optional<absl::Status>()>;

  // `loop` outlives the queue, the queue outlives its waiters.
  explicit LockQueue(Loop& loop) : loop_(loop) {}

  // Waits until `attempt`, for the file of these numbers, succeeds or fails for good. Cancelled:
  // not locked.
  Operation<absl::Status> Wait(uint64_t device, uint64_t inode, Attempt attempt);

  // A lock on this file may have become free.
  void Wake(uint64_t device, uint64_t inode);

 private:
  class Waiter;
  Loop& loop_;
  List<Waiter> waiters_;
};

class LockQueue::Waiter final : public PendingOperation<absl::Status>,
                                private Timer,
                                public ListNode<LockQueue::Waiter> {
 public:
  Waiter(LockQueue& queue, uint64_t device, uint64_t inode, Attempt attempt)
      : queue_(queue), device_(device), inode_(inode), attempt_(std::move(attempt)) {}

 private:
  friend class LockQueue;
  using Place = ListNode<LockQueue::Waiter>;
  void Start() override;
  void OnStop() override;
  void OnTimer() override;
  // False: still waiting.
  bool TryAgain();
  void Conclude(absl::Status status);

  LockQueue& queue_;
  const uint64_t device_;
  const uint64_t inode_;
  const Attempt attempt_;
  absl::Duration pause_ = kFirstRetry;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_LOCK_QUEUE_H_
