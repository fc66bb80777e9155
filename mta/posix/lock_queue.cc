#include "mta/posix/lock_queue.h"

#include <algorithm>
#include <utility>

namespace stagepost {

void LockQueue::Waiter::Start() {
  queue_.waiters_.PushBack(*this);
  queue_.loop_.timers().Arm(*this, queue_.loop_.now() + pause_);
}

void LockQueue::Waiter::OnStop() { Conclude(absl::CancelledError("cancelled")); }

void LockQueue::Waiter::OnTimer() {
  if (TryAgain()) return;
  pause_ = std::min(2 * pause_, kLastRetry);
  queue_.loop_.timers().Arm(*this, queue_.loop_.now() + pause_);
}

bool LockQueue::Waiter::TryAgain() {
  std::optional<absl::Status> outcome = attempt_();
  if (!outcome.has_value()) return false;
  Conclude(*std::move(outcome));
  return true;
}

void LockQueue::Waiter::Conclude(absl::Status status) {
  Disarm();
  Place::Unlink();
  Finish(std::move(status));
}

Operation<absl::Status> LockQueue::Wait(uint64_t device, uint64_t inode, Attempt attempt) {
  return Operation<absl::Status>(new Waiter(*this, device, inode, std::move(attempt)));
}

void LockQueue::Wake(uint64_t device, uint64_t inode) {
  List<Waiter> asked;
  asked.TakeAll(waiters_);
  while (!asked.empty()) {
    Waiter& waiter = asked.PopFront();
    const bool concerned = waiter.device_ == device && waiter.inode_ == inode;
    if (!concerned || !waiter.TryAgain()) waiters_.PushBack(waiter);
  }
}

}  // namespace stagepost
