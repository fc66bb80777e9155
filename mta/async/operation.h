// Operation<T>: what the calls of the seam return, awaitable like a Task but without a frame.
//
//   Operation<absl::StatusOr<size_t>> Connection::Read(absl::Span<char> buffer);
//
// An Operation either holds its result already (a cheap call that completed inline: awaiting it
// neither allocates nor suspends) or a PendingOperation that starts when it is awaited. T is
// absl::Status or absl::StatusOr<…>. Like a Task it is awaited in the expression that makes it.
//
// When the context was asked to stop, a pending operation completes with kCancelled; an inline
// result is always delivered, since its effect has happened. Each interface says what a cancelled
// call may have done.
#ifndef STAGEPOST_MTA_ASYNC_OPERATION_H_
#define STAGEPOST_MTA_ASYNC_OPERATION_H_

#include <coroutine>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mta/async/context.h"
#include "mta/async/frame_pool.h"
#include "mta/base/check.h"

namespace stagepost {

// An operation that has to wait. Made by an implementation of the seam, owned by the Operation that
// is returned. An implementation overrides Start() and, whenever the outcome is known, calls
// Finish(), exactly once: a second call is a CHECK. It therefore overrides OnStop() too, unless it
// is known to nobody while it waits: a timer it has armed or a list of waiters it stands in would
// finish it again. docs/coroutines.md has a complete example.
template <class T>
class PendingOperation : public Leaf {
 public:
  virtual ~PendingOperation() =
      default;  // also while suspended, at process death: let go of the world

  // How the owner lets go; an operation that is not made by `new` overrides it.
  virtual void Release() { delete this; }

  // From the pool of frames, being as short-lived and as frequent.
  static void* operator new(size_t size) { return AllocateFrame(size); }
  static void operator delete(void* operation, size_t size) { FreeFrame(operation, size); }

 protected:
  // The caller is suspended here. May call Finish() at once.
  virtual void Start() = 0;
  // Gives the result and makes the caller ready. REQUIRES: started and not finished.
  void Finish(T result) {
    result_.emplace(std::move(result));
    Resume();
  }
  // The default answer to a stop request, where cancelling has no effect on the world. Override to
  // undo or let finish what has begun.
  void OnStop() override { Finish(T(absl::CancelledError("cancelled"))); }

 private:
  template <class U>
  friend class Operation;
  std::optional<T> result_;
};

template <class T>
class [[nodiscard]] Operation {
 public:
  using Result = T;

  Operation(T result) : result_(std::move(result)) {}  // NOLINT: completed inline
  explicit Operation(std::unique_ptr<PendingOperation<T>> pending) : pending_(pending.release()) {}
  explicit Operation(PendingOperation<T>* pending) : pending_(pending) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  ~Operation() {
    if (pending_ != nullptr) pending_->Release();
  }

  bool completed_inline() const { return pending_ == nullptr; }

  void BindTo(TaskContext& context) { context_ = &context; }
  void Bind(TaskContext& context) { BindTo(context); }

  bool await_ready() { return pending_ == nullptr && context_->loop().BurnFuel(); }
  bool await_suspend(std::coroutine_handle<> caller) {
    if (pending_ == nullptr) {  // out of fuel
      context_->loop().Schedule(caller, context_->executor());
      return true;
    }
    if (context_->stop_requested()) {
      result_.emplace(absl::CancelledError("cancelled"));
      return !context_->GoOn(caller);
    }
    pending_->Suspend(caller, *context_);
    pending_->Start();
    return true;
  }
  T await_resume() {
    if (result_.has_value()) return *std::move(result_);
    CHECK(pending_->result_.has_value());
    return *std::move(pending_->result_);
  }

 private:
  std::optional<T> result_;
  PendingOperation<T>* pending_ = nullptr;
  TaskContext* context_ = nullptr;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_OPERATION_H_
