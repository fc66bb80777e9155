#include "mta/async/timer_queue.h"

#include <algorithm>

#include "mta/base/check.h"

namespace stagepost {
namespace {
constexpr size_t kArity = 4;
}  // namespace

void Timer::Disarm() {
  if (queue_ != nullptr) queue_->Remove(*this);
}

TimerQueue::~TimerQueue() {
  for (const Entry& entry : heap_) entry.timer->queue_ = nullptr;
}

bool TimerQueue::Before(const Entry& a, const Entry& b) {
  return a.time != b.time ? a.time < b.time : a.sequence < b.sequence;
}

void TimerQueue::Insert(Timer& timer, MonotonicTime time, uint64_t sequence) {
  CHECK(!timer.armed());
  timer.queue_ = this;
  heap_.emplace_back();
  SiftUp(heap_.size() - 1, Entry{time, sequence, &timer});
}

MonotonicTime TimerQueue::next_deadline() const {
  return heap_.empty() ? MonotonicTime::InfiniteFuture() : heap_.front().time;
}

bool TimerQueue::FireNext(MonotonicTime now) {
  if (heap_.empty() || heap_.front().time > now) return false;
  Timer& timer = *heap_.front().timer;
  Remove(timer);
  timer.OnTimer();
  return true;
}

void TimerQueue::Place(size_t index, const Entry& entry) {
  heap_[index] = entry;
  entry.timer->index_ = index;
}

void TimerQueue::SiftUp(size_t index, const Entry& entry) {
  while (index > 0) {
    const size_t parent = (index - 1) / kArity;
    if (!Before(entry, heap_[parent])) break;
    Place(index, heap_[parent]);
    index = parent;
  }
  Place(index, entry);
}

void TimerQueue::SiftDown(size_t index, const Entry& entry) {
  const size_t size = heap_.size();
  while (true) {
    const size_t first = index * kArity + 1;
    if (first >= size) break;
    size_t least = first;
    for (size_t child = first + 1; child < std::min(first + kArity, size); ++child) {
      if (Before(heap_[child], heap_[least])) least = child;
    }
    if (!Before(heap_[least], entry)) break;
    Place(index, heap_[least]);
    index = least;
  }
  Place(index, entry);
}

void TimerQueue::Remove(Timer& timer) {
  DCHECK(timer.queue_ == this);
  const size_t hole = timer.index_;
  timer.queue_ = nullptr;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (last.timer == &timer) return;
  if (hole > 0 && Before(last, heap_[(hole - 1) / kArity])) {
    SiftUp(hole, last);
  } else {
    SiftDown(hole, last);
  }
}

}  // namespace stagepost
