#include "mta/async/loop.h"

#include <algorithm>
#include <utility>

#include "mta/base/check.h"

namespace stagepost {

void Loop::Advance(MonotonicTime now) {
  CHECK(now >= now_);
  now_ = now;
}

void Loop::Schedule(std::coroutine_handle<> handle, Executor& executor) {
  ready_.push_back(Ready{handle, &executor});
}

void Loop::RunReady(size_t index) {
  DCHECK(current_ == nullptr);
  DCHECK(index < ready_.size());
  const Ready next = ready_[index];
  if (index == 0) {
    ready_.pop_front();
  } else {
    ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(index));
  }
  fuel_ = kFuel;
  ++resumes_;
  current_ = next.executor;
  next.handle.resume();
  current_ = nullptr;
  if (finished_) std::exchange(finished_, nullptr).destroy();
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

void Loop::DropReady(const Executor& executor) {
  std::erase_if(ready_, [&](const Ready& ready) { return ready.executor == &executor; });
}

}  // namespace stagepost
