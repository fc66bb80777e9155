#include "mta/async/loop.h"

#include <algorithm>
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

std::vector<Loop::Stalled>::iterator Loop::FindStalled(const Executor& executor) {
  return std::find_if(stalled_.begin(), stalled_.end(),
                      [&](const Stalled& each) { return each.executor == &executor; });
}

bool Loop::stalled(const Executor& executor) const {
  return std::any_of(stalled_.begin(), stalled_.end(),
                     [&](const Stalled& each) { return each.executor == &executor; });
}

void Loop::Stall(Executor& executor) {
  CHECK(!stalled(executor));
  stalled_.push_back({&executor, std::make_unique<TimerQueue>()});
}

void Loop::GoOn(Executor& executor) {
  const auto found = FindStalled(executor);
  CHECK(found != stalled_.end());
  const std::unique_ptr<TimerQueue> due = std::move(found->due);
  stalled_.erase(found);
  while (due->FireNext(now_)) {
  }
}

void Loop::ForgetStall(const Executor& executor) {
  if (const auto found = FindStalled(executor); found != stalled_.end()) stalled_.erase(found);
}

bool Loop::HoldDeadline(Executor& executor, Timer& deadline) {
  if (stalled_.empty()) return false;
  const auto found = FindStalled(executor);
  if (found == stalled_.end()) return false;
  found->due->ArmDeadline(deadline, now_);
  return true;
}

size_t Loop::runnable_count() const {
  if (stalled_.empty()) return ready_.size();
  size_t count = 0;
  for (size_t i = 0; i < ready_.size(); ++i) count += stalled(*ready_[i].executor) ? 0 : 1;
  return count;
}

size_t Loop::RunnableIndex(size_t nth) const {
  if (stalled_.empty()) return nth;
  size_t index = 0;
  for (;; ++index) {
    CHECK(index < ready_.size());
    if (!stalled(*ready_[index].executor) && nth-- == 0) return index;
  }
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
