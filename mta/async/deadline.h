// Deadlines, shields and sleep.
//
//   auto line = co_await WithDeadline(deadline, ReadLine(connection));   // kDeadlineExceeded if
//   late co_await Shield(kCommitGrace, CommitToQueue(envelope));              // a stop request
//   waits co_await Sleep(absl::Seconds(5));
//
// A deadline is absolute, inherited and only shrinks. When it passes, the child is asked to stop
// and then waited for: whatever it really achieved is the result, so "accepted just before the
// deadline" is never lost; only a child that answers kCancelled gives kDeadlineExceeded. A result
// that is ready at the very instant of the deadline wins. Of nested deadlines, the one that passed
// says kDeadlineExceeded; those inside of it see their child's kCancelled.
#ifndef STAGEPOST_MTA_ASYNC_DEADLINE_H_
#define STAGEPOST_MTA_ASYNC_DEADLINE_H_

#include <coroutine>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mta/async/context.h"
#include "mta/async/timer_queue.h"
#include "mta/base/time.h"

namespace stagepost {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <class T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// Awaits `inner` in a context of its own, below the caller's. Lives in the caller's frame for the
// length of the await expression.
template <class Inner>
class ContextAwaiter {
 public:
  ContextAwaiter(const ContextAwaiter&) = delete;
  ContextAwaiter& operator=(const ContextAwaiter&) = delete;

  bool await_ready() { return inner_.await_ready(); }
  auto await_suspend(std::coroutine_handle<> caller) { return inner_.await_suspend(caller); }

 protected:
  explicit ContextAwaiter(Inner& inner) : inner_(inner) {}
  ~ContextAwaiter() = default;

  TaskContext context_;
  Inner& inner_;
};

template <class Inner>
class [[nodiscard]] DeadlineAwaiter final : public ContextAwaiter<Inner> {
 public:
  DeadlineAwaiter(MonotonicTime deadline, Inner& inner)
      : ContextAwaiter<Inner>(inner), deadline_(deadline) {}

  void Bind(TaskContext& caller) {
    this->context_.AttachWithDeadline(caller, deadline_);
    this->inner_.BindTo(this->context_);
  }
  void BindTo(TaskContext& caller) { Bind(caller); }
  auto await_resume() {
    auto result = this->inner_.await_resume();
    this->context_.Detach();
    if (this->context_.deadline_passed() && absl::IsCancelled(StatusOf(result))) {
      result = absl::DeadlineExceededError("deadline exceeded");
    }
    return result;
  }

 private:
  MonotonicTime deadline_;
};

template <class Inner>
class [[nodiscard]] ShieldAwaiter final : public ContextAwaiter<Inner> {
 public:
  ShieldAwaiter(absl::Duration grace, Inner& inner) : ContextAwaiter<Inner>(inner), grace_(grace) {}

  void Bind(TaskContext& caller) {
    this->context_.AttachShielded(caller, grace_);
    this->inner_.BindTo(this->context_);
  }
  void BindTo(TaskContext& caller) { Bind(caller); }
  auto await_resume() {
    this->context_.Detach();
    return this->inner_.await_resume();
  }

 private:
  absl::Duration grace_;
};

// Awaits a Task, an Operation or another leaf that is stopped at `deadline`. A deadline that has
// passed stops it at once: what needs no waiting still gives its result.
template <class Inner>
DeadlineAwaiter<Inner> WithDeadline(MonotonicTime deadline,
                                    Inner&& inner [[clang::lifetimebound]]) {
  static_assert(!std::is_lvalue_reference_v<Inner>, "make the task in the await expression");
  return DeadlineAwaiter<Inner>(deadline, inner);
}

// Awaits a Task, an Operation or another leaf that hears of a stop request, or of a deadline above
// it, only `grace` after it was made, or after the shield was entered if that is later: for commit
// sections, where stopping half-way is worse than being late. WithDeadline() inside a shield is
// heard at once.
template <class Inner>
ShieldAwaiter<Inner> Shield(absl::Duration grace, Inner&& inner [[clang::lifetimebound]]) {
  static_assert(!std::is_lvalue_reference_v<Inner>, "make the task in the await expression");
  return ShieldAwaiter<Inner>(grace, inner);
}

// What SleepUntil and Sleep share: suspends until Wake().
class SleepBase : private Leaf, private Timer {
 public:
  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<> caller) {
    if (context_->stop_requested()) {
      status_ = absl::CancelledError("cancelled");
      return !context_->GoOn(caller);
    }
    Suspend(caller, *context_);
    context_->loop().timers().Arm(*this, wake_);
    return true;
  }
  absl::Status await_resume() { return std::move(status_); }

 protected:
  SleepBase() = default;
  ~SleepBase() = default;
  void Prepare(TaskContext& context, MonotonicTime wake) {
    context_ = &context;
    wake_ = wake;
  }

 private:
  void OnTimer() override { Resume(); }
  void OnStop() override {
    Disarm();
    status_ = absl::CancelledError("cancelled");
    Resume();
  }

  MonotonicTime wake_;
  TaskContext* context_ = nullptr;
  absl::Status status_;
};

// Suspends until `wake`. kCancelled when asked to stop. Never shorter than asked; a time that has
// passed still goes through the timers and the ready queue once.
class [[nodiscard]] SleepUntil final : public SleepBase {
 public:
  explicit SleepUntil(MonotonicTime wake) : wake_(wake) {}
  void Bind(TaskContext& context) { Prepare(context, wake_); }
  void BindTo(TaskContext& context) { Bind(context); }

 private:
  MonotonicTime wake_;
};

// As SleepUntil(now + duration), `now` being the time of the await.
class [[nodiscard]] Sleep final : public SleepBase {
 public:
  explicit Sleep(absl::Duration duration) : duration_(duration) {}
  void Bind(TaskContext& context) { Prepare(context, context.loop().now() + duration_); }
  void BindTo(TaskContext& context) { Bind(context); }

 private:
  absl::Duration duration_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_DEADLINE_H_
