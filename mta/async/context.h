// Cancellation: a tree of contexts beside the call tree, and the leaves that answer it.
//
// Every coroutine runs in a TaskContext, inherited from its caller. RequestStop() on a context is a
// request, level-triggered: the leaf operations (I/O, timer, channel, lock) now waiting in it and in
// the contexts below it complete with kCancelled through the ready queue, and every later leaf that
// would have to wait fails at once. Nothing is destroyed; the call tree unwinds by returning.
//
// A shielded context takes a stop request from above as the start of its grace period; when that has
// passed, the request goes through (Shield in deadline.h).
#ifndef STAGEPOST_MTA_ASYNC_CONTEXT_H_
#define STAGEPOST_MTA_ASYNC_CONTEXT_H_

#include <coroutine>

#include "absl/time/time.h"
#include "mta/async/loop.h"
#include "mta/async/timer_queue.h"
#include "mta/base/intrusive_list.h"
#include "mta/base/time.h"

namespace stagepost {

class TaskContext;

// A coroutine suspended in an operation of the outside world. Lives in that coroutine's frame or in
// the operation's implementation, for as long as it is suspended.
class Leaf : public ListNode<Leaf> {
 public:
  Leaf() = default;

 protected:
  ~Leaf() = default;

  // The coroutine `handle` waits here, in `context`, until Resume().
  void Suspend(std::coroutine_handle<> handle, TaskContext& context);
  // As Suspend(), deaf to stop requests: for waits that end by themselves, such as Join().
  void SuspendUnstoppable(std::coroutine_handle<> handle, TaskContext& context);
  // Makes the coroutine ready. REQUIRES: suspended().
  void Resume();
  bool suspended() const { return context_ != nullptr; }
  // REQUIRES: suspended().
  TaskContext& context() const { return *context_; }

 private:
  friend class TaskContext;
  // The context asks to stop. The leaf calls Resume(), now or, if it cannot stop at once, later.
  virtual void OnStop() = 0;

  std::coroutine_handle<> handle_;
  TaskContext* context_ = nullptr;
};

class TaskContext : public ListNode<TaskContext> {
 public:
  // The root context of an executor.
  TaskContext(Loop& loop, Executor& executor) : loop_(&loop), executor_(&executor) {}
  explicit TaskContext(TaskContext& parent) { Attach(parent); }
  // A context that gets its parent later.
  TaskContext() = default;
  ~TaskContext();

  // REQUIRES: no parent yet. Inherits the parent's executor, deadline and, unless `grace` shields it,
  // its stop request.
  void Attach(TaskContext& parent, absl::Duration grace = absl::ZeroDuration());

  void RequestStop();
  bool stop_requested() const { return stop_requested_; }

  Loop& loop() const { return *loop_; }
  Executor& executor() const { return *executor_; }

  // The earliest deadline of this context and those above it.
  MonotonicTime deadline() const { return deadline_; }
  void ShrinkDeadline(MonotonicTime deadline) {
    if (deadline < deadline_) deadline_ = deadline;
  }

 private:
  friend class Leaf;
  class GraceTimer final : public Timer {
   public:
    explicit GraceTimer(TaskContext& context) : context_(context) {}

   private:
    void OnTimer() override { context_.RequestStop(); }
    TaskContext& context_;
  };
  void OnParentStop();

  Loop* loop_ = nullptr;
  Executor* executor_ = nullptr;
  MonotonicTime deadline_ = MonotonicTime::InfiniteFuture();
  absl::Duration grace_ = absl::ZeroDuration();
  bool stop_requested_ = false;
  List<TaskContext> children_;
  List<Leaf> leaves_;
  GraceTimer grace_timer_{*this};
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_CONTEXT_H_
