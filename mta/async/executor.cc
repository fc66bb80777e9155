#include "mta/async/executor.h"

#include <utility>

namespace stagepost {

void Spawned::promise_type::Finish() {
  Unlink();
  context().loop().ReapAfterResume(std::coroutine_handle<promise_type>::from_promise(*this));
  if (--group_.live_ == 0) group_.OnAllDone();
}

void Spawned::promise_type::Destroy() {
  Unlink();
  --group_.live_;
  std::coroutine_handle<promise_type>::from_promise(*this).destroy();
}

void TaskGroup::Adopt(Spawned spawned, TaskContext& context) {
  Spawned::promise_type& promise = spawned.handle().promise();
  promise.set_context(context);
  context.executor().tasks_.PushBack(promise);
  ++live_;
  context.loop().Schedule(spawned.handle(), context.executor());
}

Executor::~Executor() { CHECK(tasks_.empty()) << live() << " tasks outlive their executor"; }

void Executor::Kill() {
  CHECK(loop_.current() != this) << "a task kills the process it runs in";
  if (std::exchange(dead_, true)) return;
  const Executor* const outer = std::exchange(loop_.dying_, this);
  while (!tasks_.empty()) tasks_.back().Destroy();
  loop_.dying_ = outer;
  // Last, since destructors wake other tasks of the process.
  loop_.ready_.Drop(*this);
  loop_.ForgetStall(*this);
}

}  // namespace stagepost
