#include "mta/async/loop.h"

#include <utility>

#include "mta/base/check.h"

namespace stagepost {

void Loop::Advance(MonotonicTime now) {
  CHECK(now >= now_);
  now_ = now;
}

void Loop::RunReady(size_t index) {
  CHECK(current_ == nullptr) << "a task or a destructor drives the loop it runs on";
  const ReadyQueue::Entry next = ready_.Take(index);
  fuel_ = kFuel;
  ++resumes_;
  current_ = next.executor;
  next.handle.resume();
  // Its arguments are destroyed as part of the process that they belonged to.
  if (finished_) std::exchange(finished_, nullptr).destroy();
  current_ = nullptr;
}

void Loop::RunUntilIdle() {
  while (true) {
    if (!ready_.empty()) {
      RunReady(0);
    } else if (!timers_.FireNext(now_)) {
      return;
    }
  }
}

void Loop::ReapAfterResume(std::coroutine_handle<> finished) {
  CHECK(!finished_);
  finished_ = finished;
}

}  // namespace stagepost
