#include "mta/async/executor.h"

#include "mta/base/check.h"

namespace stagepost {

void Spawned::promise_type::Finish() {
  Unlink();
  context().loop().ReapAfterResume(std::coroutine_handle<promise_type>::from_promise(*this));
  if (--group_.live_ == 0) group_.OnAllDone();
}

TaskGroup::~TaskGroup() { CHECK(tasks_.empty()) << live_ << " tasks still run"; }

void TaskGroup::Adopt(Spawned spawned, TaskContext& context) {
  Spawned::promise_type& promise = spawned.handle().promise();
  promise.set_context(context);
  tasks_.PushBack(promise);
  ++live_;
  context.loop().Schedule(spawned.handle(), context.executor());
}

void TaskGroup::DestroyAll() {
  while (!tasks_.empty()) {
    std::coroutine_handle<Spawned::promise_type>::from_promise(tasks_.PopFront()).destroy();
    --live_;
  }
}

Executor::~Executor() {
  if (!dead_) CHECK(live() == 0) << live() << " tasks outlive their executor";
}

void Executor::Kill() {
  CHECK(loop_.current() != this);
  dead_ = true;
  loop_.DropReady(*this);
  DestroyAll();
  // Destructors may have woken others of this process.
  loop_.DropReady(*this);
}

}  // namespace stagepost
