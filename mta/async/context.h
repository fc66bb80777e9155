// Cancellation: a tree of contexts beside the call tree, and the leaves that answer it.
//
// Every coroutine runs in a TaskContext, inherited from its caller. RequestStop() on a context is a
// request, level-triggered: the leaf operations (I/O, timer, channel, lock) now waiting in it and
// in the contexts below it complete with kCancelled through the ready queue, and every later leaf
// that would have to wait fails at once. Nothing is destroyed; the call tree unwinds by returning.
//
// A context may have a deadline, at which it stops, or be shielded: then a stop request from above
// is the start of its grace period, and goes through when that has passed (deadline.h).
#ifndef STAGEPOST_MTA_ASYNC_CONTEXT_H_
#define STAGEPOST_MTA_ASYNC_CONTEXT_H_

#include <coroutine>

#include "absl/time/time.h"
#include "mta/async/loop.h"
#include "mta/async/timer_queue.h"
#include "mta/base/check.h"
#include "mta/base/intrusive_list.h"
#include "mta/base/time.h"

namespace stagepost {

class TaskContext;

// A coroutine suspended in an operation of the outside world. Lives in that coroutine's frame or in
// the operation's implementation, for as long as it is suspended. Destroyed while suspended only
// when its process dies; the context may be gone by then.
class Leaf : public ListNode<Leaf> {
 public:
  Leaf() = default;

 protected:
  ~Leaf() = default;

  // The coroutine `handle` waits here, in `context`, until Resume(). REQUIRES: the context has not
  // been asked to stop; nobody would tell the leaf again.
  void Suspend(std::coroutine_handle<> handle, TaskContext& context);
  // As Suspend(), deaf to stop requests: for waits that end by themselves.
  void SuspendUnstoppable(std::coroutine_handle<> handle, TaskContext& context);
  // Makes the coroutine ready. REQUIRES: suspended().
  void Resume();
  bool suspended() const { return context_ != nullptr; }
  // REQUIRES: suspended(), and not in a destructor.
  TaskContext& context() const { return *context_; }
  // The process that waits here is being killed. False before the first Suspend().
  bool dying() const { return executor_ != nullptr && loop_->dying() == executor_; }

 private:
  friend class TaskContext;
  // The context asks to stop; called at most once a Suspend(). The leaf calls Resume(), now or, if
  // it cannot stop at once, later.
  virtual void OnStop() = 0;

  std::coroutine_handle<> handle_;
  TaskContext* context_ = nullptr;
  Loop* loop_ = nullptr;
  Executor* executor_ = nullptr;
};

class TaskContext : public ListNode<TaskContext>, private Timer {
 public:
  // The root context of an executor.
  TaskContext(Loop& loop, Executor& executor) : loop_(&loop), executor_(&executor) {}
  explicit TaskContext(TaskContext& parent) { Attach(parent); }
  // A context that gets its parent later.
  TaskContext() = default;
  // CHECKs that nothing waits in it and no context is below it, unless the process is being killed.
  ~TaskContext();

  // Each of these REQUIRES: no parent yet. Inherits the parent's executor, deadline and stop
  // request.
  void Attach(TaskContext& parent);
  // Stops at `deadline` too, unless the parent's comes first; at once when it has passed.
  void AttachWithDeadline(TaskContext& parent, MonotonicTime deadline);
  // A stop request from above, also one made before, goes through `grace` later. Without effect
  // when `grace` is not positive.
  void AttachShielded(TaskContext& parent, absl::Duration grace);
  // Leaves the parent, whose stop requests it no longer hears; its own deadline is off.
  void Detach();

  void RequestStop();
  bool stop_requested() const { return stop_requested_; }

  Loop& loop() const { return *loop_; }
  Executor& executor() const { return *executor_; }

  // The latest time at which this context stops: the least of its own deadline and of those above
  // it, each put off by the shields between.
  MonotonicTime deadline() const { return deadline_; }
  // The deadline given to AttachWithDeadline() has passed before any other stop request.
  bool deadline_passed() const { return deadline_passed_; }

  // For an await whose result is there already: whether `caller` may go on at once. If not, it has
  // been made ready, and suspends.
  bool GoOn(std::coroutine_handle<> caller) {
    if (loop_->BurnFuel()) return true;
    loop_->Schedule(caller, *executor_);
    return false;
  }

 private:
  friend class Leaf;
  void OnParentStop();
  // The deadline, or the end of the grace period.
  void OnTimer() override;
  bool shielded() const { return grace_ > absl::ZeroDuration(); }

  Loop* loop_ = nullptr;
  Executor* executor_ = nullptr;
  MonotonicTime deadline_ = MonotonicTime::InfiniteFuture();
  absl::Duration grace_ = absl::ZeroDuration();
  bool stop_requested_ = false;
  bool deadline_passed_ = false;
  List<TaskContext> children_;
  List<Leaf> leaves_;
};

inline void Leaf::SuspendUnstoppable(std::coroutine_handle<> handle, TaskContext& context) {
  CHECK(!suspended());
  handle_ = handle;
  context_ = &context;
  loop_ = context.loop_;
  executor_ = context.executor_;
}

inline void Leaf::Suspend(std::coroutine_handle<> handle, TaskContext& context) {
  CHECK(!context.stop_requested_);
  SuspendUnstoppable(handle, context);
  context.leaves_.PushBack(*this);
}

inline void Leaf::Resume() {
  CHECK(suspended()) << "finished twice";
  Unlink();
  context_ = nullptr;
  loop_->Schedule(handle_, *executor_);
}

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_CONTEXT_H_
