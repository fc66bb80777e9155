#include "mta/async/context.h"

#include "mta/base/check.h"

namespace stagepost {

void Leaf::Suspend(std::coroutine_handle<> handle, TaskContext& context) {
  SuspendUnstoppable(handle, context);
  context.leaves_.PushBack(*this);
}

void Leaf::SuspendUnstoppable(std::coroutine_handle<> handle, TaskContext& context) {
  CHECK(!suspended());
  handle_ = handle;
  context_ = &context;
}

void Leaf::Resume() {
  CHECK(suspended());
  Unlink();
  TaskContext* context = context_;
  context_ = nullptr;
  context->loop().Schedule(handle_, context->executor());
}

TaskContext::~TaskContext() = default;

void TaskContext::Attach(TaskContext& parent, absl::Duration grace) {
  CHECK(loop_ == nullptr);
  loop_ = parent.loop_;
  executor_ = parent.executor_;
  grace_ = grace;
  parent.children_.PushBack(*this);
  if (grace == absl::ZeroDuration()) deadline_ = parent.deadline_;
  if (parent.stop_requested_) OnParentStop();
}

void TaskContext::OnParentStop() {
  if (grace_ == absl::ZeroDuration()) {
    RequestStop();
  } else if (!grace_timer_.armed()) {
    loop_->timers().Arm(grace_timer_, loop_->now() + grace_);
  }
}

void TaskContext::RequestStop() {
  if (stop_requested_) return;
  stop_requested_ = true;
  grace_timer_.Disarm();
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
