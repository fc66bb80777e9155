// Semaphore: at most N holders at a time, first come, first served.
//
//   CO_ASSIGN_OR_RETURN(Semaphore::Permit permit, co_await deliveries.Acquire());
//   … the permit is given back when it is destroyed
//
// Owned by whatever it limits, within one process; outlives its waiters and permits.
#ifndef STAGEPOST_MTA_ASYNC_SEMAPHORE_H_
#define STAGEPOST_MTA_ASYNC_SEMAPHORE_H_

#include <coroutine>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mta/async/context.h"
#include "mta/base/check.h"
#include "mta/base/intrusive_list.h"

namespace stagepost {

class Semaphore {
 public:
  explicit Semaphore(size_t permits) : free_(permits) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  // CHECKs that nobody waits for it, except in a process that is being killed.
  ~Semaphore() {
    Abandon(waiters_);
    Abandon(granted_);
  }

  class [[nodiscard]] Permit {
   public:
    Permit(Permit&& other) noexcept : semaphore_(std::exchange(other.semaphore_, nullptr)) {}
    Permit& operator=(Permit&&) = delete;
    ~Permit() {
      if (semaphore_ != nullptr) semaphore_->GiveBack();
    }

   private:
    friend class Semaphore;
    explicit Permit(Semaphore& semaphore) : semaphore_(&semaphore) {}
    Semaphore* semaphore_;
  };

  // Waits for a permit. kCancelled (nothing was taken) when asked to stop; a permit granted before
  // that is delivered.
  class [[nodiscard]] AcquireOperation final : private Leaf, public ListNode<AcquireOperation> {
   public:
    explicit AcquireOperation(Semaphore& semaphore) : semaphore_(&semaphore) {}
    ~AcquireOperation() {
      // Process death between the grant and the resume.
      if (has_permit_ && semaphore_ != nullptr) semaphore_->GiveBack();
    }
    void Bind(TaskContext& context) { context_ = &context; }
    void BindTo(TaskContext& context) { context_ = &context; }
    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> caller) {
      has_permit_ = semaphore_->TryTake();
      if (has_permit_ || context_->stop_requested()) return !context_->GoOn(caller);
      Suspend(caller, *context_);
      semaphore_->waiters_.PushBack(*this);
      return true;
    }
    absl::StatusOr<Permit> await_resume() {
      ListNode<AcquireOperation>::Unlink();
      if (!std::exchange(has_permit_, false)) return absl::CancelledError("cancelled");
      return Permit(*semaphore_);
    }

   private:
    friend class Semaphore;
    void OnStop() override {
      ListNode<AcquireOperation>::Unlink();
      Resume();
    }
    Semaphore* semaphore_;
    TaskContext* context_ = nullptr;
    bool has_permit_ = false;
  };
  AcquireOperation Acquire() { return AcquireOperation(*this); }

  size_t available() const { return free_; }

 private:
  bool TryTake() {
    if (free_ == 0) return false;
    DCHECK(waiters_.empty());
    --free_;
    return true;
  }
  void GiveBack() {
    if (waiters_.empty()) {
      ++free_;
      return;
    }
    AcquireOperation& next = waiters_.PopFront();
    granted_.PushBack(next);
    next.has_permit_ = true;
    next.Resume();
  }
  static void Abandon(List<AcquireOperation>& operations) {
    while (!operations.empty()) {
      AcquireOperation& operation = operations.PopFront();
      CHECK(operation.dying()) << "a semaphore is destroyed while somebody waits for it";
      operation.semaphore_ = nullptr;
    }
  }

  size_t free_;
  List<AcquireOperation> waiters_;
  List<AcquireOperation> granted_;  // have their permit, but have not been resumed yet
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_SEMAPHORE_H_
