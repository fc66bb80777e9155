// Lets tasks of one process wait until another one rings.
#ifndef STAGEPOST_MTA_ASYNC_DOORBELL_H_
#define STAGEPOST_MTA_ASYNC_DOORBELL_H_

#include <memory>

#include "absl/status/status.h"
#include "mta/async/operation.h"
#include "mta/base/intrusive_list.h"

namespace stagepost {

// Outlives those who wait.
class Doorbell {
 public:
  // Waits for the next Ring(); one that nobody waited for is answered at once. kCancelled: nothing
  // has happened.
  Operation<absl::Status> Wait() {
    if (!rung_) return Operation<absl::Status>(std::make_unique<Waiter>(*this));
    rung_ = false;
    return Operation<absl::Status>(absl::OkStatus());
  }

  void Ring() {
    if (waiters_.empty()) rung_ = true;
    while (!waiters_.empty()) waiters_.PopFront().Answer();
  }

 private:
  class Waiter final : public PendingOperation<absl::Status>, public ListNode<Waiter> {
   public:
    explicit Waiter(Doorbell& bell) : bell_(bell) {}
    void Answer() { Finish(absl::OkStatus()); }

   private:
    void Start() override { bell_.waiters_.PushBack(*this); }
    void OnStop() override {
      ListNode<Waiter>::Unlink();
      Finish(absl::CancelledError("cancelled"));
    }
    Doorbell& bell_;
  };

  List<Waiter> waiters_;
  bool rung_ = false;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_DOORBELL_H_
