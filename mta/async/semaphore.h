// Semaphore: at most N holders at a time, first come, first served.
//
//   CO_ASSIGN_OR_RETURN(Semaphore::Permit permit, co_await deliveries.Acquire());
//   … the permit is given back when it is destroyed
//
// Owned by whatever it limits; outlives its waiters and permits.
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
  ~Semaphore() { CHECK(waiters_.empty()); }

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

  // Waits for a permit. kCancelled (nothing was taken) when asked to stop.
  class [[nodiscard]] AcquireOperation final : private Leaf, public ListNode<AcquireOperation> {
   public:
    explicit AcquireOperation(Semaphore& semaphore) : semaphore_(semaphore) {}
    ~AcquireOperation() {
      if (granted_) semaphore_.GiveBack();  // process death between the grant and the resume
    }
    void Bind(TaskContext& context) { context_ = &context; }
    void BindTo(TaskContext& context) { context_ = &context; }
    bool await_ready() { return granted_ = semaphore_.TryTake(); }
    bool await_suspend(std::coroutine_handle<> caller) {
      if (context_->stop_requested()) return false;
      Suspend(caller, *context_);
      semaphore_.waiters_.PushBack(*this);
      return true;
    }
    absl::StatusOr<Permit> await_resume() {
      if (!std::exchange(granted_, false)) return absl::CancelledError("cancelled");
      return Permit(semaphore_);
    }

   private:
    friend class Semaphore;
    void Grant() {
      granted_ = true;
      Resume();
    }
    void OnStop() override {
      ListNode<AcquireOperation>::Unlink();
      Resume();
    }
    Semaphore& semaphore_;
    TaskContext* context_ = nullptr;
    bool granted_ = false;
  };
  AcquireOperation Acquire() { return AcquireOperation(*this); }

  size_t available() const { return free_; }

 private:
  bool TryTake() {
    if (free_ == 0 || !waiters_.empty()) return false;
    --free_;
    return true;
  }
  void GiveBack() {
    if (waiters_.empty()) {
      ++free_;
    } else {
      waiters_.PopFront().Grant();
    }
  }

  size_t free_;
  List<AcquireOperation> waiters_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_SEMAPHORE_H_
