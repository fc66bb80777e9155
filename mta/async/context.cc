#include "mta/async/context.h"

namespace stagepost {

TaskContext::~TaskContext() {
  if (children_.empty() && leaves_.empty()) return;
  CHECK(loop_->dying() == executor_) << "a context ends before what runs in it";
}

void TaskContext::Attach(TaskContext& parent) {
  CHECK(loop_ == nullptr);
  loop_ = parent.loop_;
  executor_ = parent.executor_;
  deadline_ = parent.deadline_;
  parent.children_.PushBack(*this);
  if (parent.stop_requested_) OnParentStop();
}

void TaskContext::AttachWithDeadline(TaskContext& parent, MonotonicTime deadline) {
  Attach(parent);
  // A deadline above that is as early stops this context with its own.
  if (stop_requested_ || deadline >= deadline_) return;
  deadline_ = deadline;
  if (deadline <= loop_->now()) {
    OnTimer();
  } else {
    loop_->timers().ArmDeadline(*this, deadline);
  }
}

void TaskContext::AttachShielded(TaskContext& parent, absl::Duration grace) {
  grace_ = grace;
  Attach(parent);
  if (shielded()) deadline_ = (armed() ? loop_->now() : deadline_) + grace;
}

void TaskContext::Detach() {
  Unlink();
  Disarm();
}

void TaskContext::OnParentStop() {
  if (stop_requested_) return;
  if (!shielded()) {
    RequestStop();
  } else if (!armed()) {
    loop_->timers().ArmDeadline(*this, loop_->now() + grace_);
  }
}

void TaskContext::OnTimer() {
  if (loop_->HoldDeadline(*executor_, *this)) return;
  deadline_passed_ = !shielded();
  RequestStop();
}

void TaskContext::RequestStop() {
  if (stop_requested_) return;
  stop_requested_ = true;
  // A deadline that passes while the children wind down is not what stopped them.
  Disarm();
  // A leaf that cannot stop at once stays suspended; it must not be asked twice.
  List<Leaf> asked;
  asked.TakeAll(leaves_);
  while (!asked.empty()) asked.PopFront().OnStop();
  List<TaskContext> told;
  told.TakeAll(children_);
  while (!told.empty()) {
    TaskContext& child = told.PopFront();
    children_.PushBack(child);
    child.OnParentStop();
  }
}

}  // namespace stagepost
