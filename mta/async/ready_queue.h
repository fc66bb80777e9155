// What is ready to run, in order.
//
// A contiguous window that slides through an array: pushing behind and taking the first are O(1)
// (amortised), taking the i-th closes the gap from its shorter side with one memmove of 16 bytes an
// entry. The order of the others never changes, so "index i of the ready order" means the same
// whatever was taken before; recorded choices of the simulator depend on that.
#ifndef STAGEPOST_MTA_ASYNC_READY_QUEUE_H_
#define STAGEPOST_MTA_ASYNC_READY_QUEUE_H_

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <vector>

#include "absl/base/optimization.h"
#include "mta/base/check.h"

namespace stagepost {

class Executor;

class ReadyQueue {
 public:
  struct Entry {
    std::coroutine_handle<> handle;
    Executor* executor;
  };

  ReadyQueue() : entries_(kInitialCapacity) {}
  ReadyQueue(const ReadyQueue&) = delete;
  ReadyQueue& operator=(const ReadyQueue&) = delete;

  bool empty() const { return begin_ == end_; }
  size_t size() const { return end_ - begin_; }
  // REQUIRES: index < size().
  const Entry& operator[](size_t index) const { return entries_[begin_ + index]; }

  void PushBack(const Entry& entry) {
    if (ABSL_PREDICT_FALSE(end_ == entries_.size())) MakeRoom();
    entries_[end_++] = entry;
  }

  // Takes the entry at `index` out. REQUIRES: index < size().
  Entry Take(size_t index) {
    DCHECK(index < size());
    const Entry entry = entries_[begin_ + index];
    if (index != 0) CloseGap(index);
    // Starting over keeps a short queue in the same few cache lines.
    if (index == 0 && ++begin_ == end_) begin_ = end_ = 0;
    return entry;
  }

  // Drops every entry of `executor`.
  void Drop(const Executor& executor) {
    const auto last = std::remove_if(
        At(begin_), At(end_), [&](const Entry& entry) { return entry.executor == &executor; });
    end_ = static_cast<size_t>(last - entries_.begin());
  }

 private:
  static constexpr size_t kInitialCapacity = 64;

  std::vector<Entry>::iterator At(size_t position) {
    return entries_.begin() + static_cast<std::ptrdiff_t>(position);
  }

  // Overwrites the entry at `index`, which is not the first.
  void CloseGap(size_t index) {
    const size_t gap = begin_ + index;
    if (index < size() / 2) {
      std::copy_backward(At(begin_), At(gap), At(gap + 1));
      ++begin_;
    } else {
      std::copy(At(gap + 1), At(end_), At(gap));
      --end_;
    }
  }

  // Slides back when at most half is in use, so that a slide of n is paid for by n pushes; else
  // grows.
  void MakeRoom() {
    if (size() > entries_.size() / 2) {
      entries_.resize(2 * entries_.size());
      return;
    }
    std::copy(At(begin_), At(end_), At(0));
    end_ = size();
    begin_ = 0;
  }

  std::vector<Entry> entries_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_READY_QUEUE_H_
