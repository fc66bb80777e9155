// Deadlines, shields and sleep.
//
//   auto line = co_await WithDeadline(deadline, ReadLine(connection));   // kDeadlineExceeded if late
//   co_await Shield(kCommitGrace, CommitToQueue(envelope));              // a stop request waits
//   co_await Sleep(absl::Seconds(5));
//
// A deadline is absolute, inherited and only shrinks. When it passes, the child is asked to stop and
// then waited for: whatever it really achieved is the result, so "accepted just before the deadline"
// is never lost; only a child that answers kCancelled gives kDeadlineExceeded. A result that is ready
// at the very instant of the deadline wins.
#ifndef STAGEPOST_MTA_ASYNC_DEADLINE_H_
#define STAGEPOST_MTA_ASYNC_DEADLINE_H_

#include <coroutine>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mta/async/context.h"
#include "mta/async/operation.h"
#include "mta/async/task.h"
#include "mta/async/timer_queue.h"
#include "mta/base/time.h"

namespace stagepost {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <class T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// Awaits `inner` in a context of its own, made from the caller's by Derived::Prepare(). Lives in the
// caller's frame for the length of the await expression.
template <class Inner, class Derived>
class ContextAwaiter {
 public:
  explicit ContextAwaiter(Inner& inner) : inner_(inner) {}
  ContextAwaiter(const ContextAwaiter&) = delete;
  ContextAwaiter& operator=(const ContextAwaiter&) = delete;

  void Bind(TaskContext& caller) {
    static_cast<Derived*>(this)->Prepare(caller);
    inner_.BindTo(context_);
  }
  bool await_ready() { return inner_.await_ready(); }
  auto await_suspend(std::coroutine_handle<> caller) { return inner_.await_suspend(caller); }
  auto await_resume() {
    return static_cast<Derived*>(this)->Conclude(inner_.await_resume());
  }

 protected:
  ~ContextAwaiter() = default;
  TaskContext context_;

 private:
  Inner& inner_;
};

template <class Inner>
class [[nodiscard]] DeadlineAwaiter final
    : public ContextAwaiter<Inner, DeadlineAwaiter<Inner>>, private Timer {
 public:
  DeadlineAwaiter(MonotonicTime deadline, Inner& inner)
      : ContextAwaiter<Inner, DeadlineAwaiter>(inner), deadline_(deadline) {}

 private:
  friend class ContextAwaiter<Inner, DeadlineAwaiter<Inner>>;
  void Prepare(TaskContext& caller) {
    this->context_.Attach(caller);
    if (deadline_ >= caller.deadline()) return;  // the one above fires no later
    this->context_.ShrinkDeadline(deadline_);
    if (deadline_ <= caller.loop().now()) {
      OnTimer();
    } else {
      caller.loop().timers().Arm(*this, deadline_);
    }
  }
  template <class T>
  T Conclude(T result) {
    if (passed_ && absl::IsCancelled(StatusOf(result))) {
      return absl::DeadlineExceededError("deadline exceeded");
    }
    return result;
  }
  void OnTimer() override {
    passed_ = true;
    this->context_.RequestStop();
  }

  MonotonicTime deadline_;
  bool passed_ = false;
};

template <class Inner>
class [[nodiscard]] ShieldAwaiter final : public ContextAwaiter<Inner, ShieldAwaiter<Inner>> {
 public:
  ShieldAwaiter(absl::Duration grace, Inner& inner)
      : ContextAwaiter<Inner, ShieldAwaiter>(inner), grace_(grace) {}

 private:
  friend class ContextAwaiter<Inner, ShieldAwaiter<Inner>>;
  void Prepare(TaskContext& caller) { this->context_.Attach(caller, grace_); }
  template <class T>
  T Conclude(T result) {
    return result;
  }
  absl::Duration grace_;
};

// Awaits a Task or Operation that is stopped at `deadline`.
template <class Inner>
DeadlineAwaiter<Inner> WithDeadline(MonotonicTime deadline,
                                    Inner&& inner [[clang::lifetimebound]]) {
  static_assert(!std::is_lvalue_reference_v<Inner>, "make the task in the await expression");
  return DeadlineAwaiter<Inner>(deadline, inner);
}

// Awaits a Task or Operation that hears of a stop request, or of a deadline above it, only `grace`
// after it was made: for commit sections, where stopping half-way is worse than being late.
template <class Inner>
ShieldAwaiter<Inner> Shield(absl::Duration grace, Inner&& inner [[clang::lifetimebound]]) {
  static_assert(!std::is_lvalue_reference_v<Inner>, "make the task in the await expression");
  return ShieldAwaiter<Inner>(grace, inner);
}

// Suspends until `deadline`. kCancelled when asked to stop. Never shorter than asked; a deadline that
// has passed still goes through the ready queue once.
class [[nodiscard]] SleepUntil final : private Leaf, private Timer {
 public:
  explicit SleepUntil(MonotonicTime deadline) : deadline_(deadline) {}
  void Bind(TaskContext& context) { context_ = &context; }
  void BindTo(TaskContext& context) { context_ = &context; }
  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> caller) {
    if (context_->stop_requested()) {
      status_ = absl::CancelledError("cancelled");
      return false;
    }
    Suspend(caller, *context_);
    context_->loop().timers().Arm(*this, deadline_);
    return true;
  }
  absl::Status await_resume() { return std::move(status_); }

 private:
  void OnTimer() override { Resume(); }
  void OnStop() override {
    Disarm();
    status_ = absl::CancelledError("cancelled");
    Resume();
  }

  MonotonicTime deadline_;
  TaskContext* context_ = nullptr;
  absl::Status status_;
};

// As SleepUntil(now + duration).
class [[nodiscard]] Sleep {
 public:
  explicit Sleep(absl::Duration duration) : duration_(duration) {}
  void Bind(TaskContext& context) {
    inner_.emplace(context.loop().now() + duration_);
    inner_->Bind(context);
  }
  void BindTo(TaskContext& context) { Bind(context); }
  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> caller) { return inner_->await_suspend(caller); }
  absl::Status await_resume() { return inner_->await_resume(); }

 private:
  absl::Duration duration_;
  std::optional<SleepUntil> inner_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_DEADLINE_H_
