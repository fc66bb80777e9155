#include "mta/posix/event_loop.h"

#include <sys/epoll.h>
#include <time.h>

#include <algorithm>

#include "absl/time/time.h"
#include "mta/base/check.h"
#include "mta/posix/thread_identity.h"

namespace stagepost {
namespace {

constexpr int kEvents = 256;

UniqueFd NewEpoll() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  CHECK(epoll.valid()) << "epoll_create1: errno " << errno;
  return epoll;
}

}  // namespace

MonotonicTime MachineMonotonicNow() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return MonotonicTime::FromNanoseconds(int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec);
}

void Watch::Unwatch() {
  if (loop_ == nullptr) return;
  ::epoll_ctl(loop_->epoll_.get(), EPOLL_CTL_DEL, fd_, nullptr);
  ListNode<Watch>::Unlink();
  loop_ = nullptr;
}

EventLoop::EventLoop() : epoll_(NewEpoll()) { loop_.Advance(MachineMonotonicNow()); }

EventLoop::~EventLoop() {
  while (!watches_.empty()) watches_.front().Unwatch();
}

absl::Status EventLoop::Add(Watch& watch, int fd, uint32_t events) {
  CHECK(!watch.watched());
  epoll_event event = {};
  event.events = events | EPOLLET;
  event.data.ptr = &watch;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return LastError("epoll_ctl");
  watch.loop_ = this;
  watch.fd_ = fd;
  watch.events_ = event.events;
  watches_.PushBack(watch);
  return absl::OkStatus();
}

void EventLoop::EndTurn() {
  while (!turn_ends_.empty()) turn_ends_.PopFront().OnTurnEnd();
}

void EventLoop::Turn() {
  EndTurn();  // of the turn before: nothing put off waits for an event
  Poll();
  RunBatch();
}

void EventLoop::RunBatch() {
  loop_.Advance(MachineMonotonicNow());
  for (int i = 0; i < kBatch && loop_.timers().FireNext(loop_.now()); ++i) ActAsOneself();
  for (int i = 0; i < kBatch && loop_.ready_count() > 0; ++i) {
    loop_.RunReady(0);
    ActAsOneself();
    // A task may have waited for the disk, and the next one must not sleep too short for it.
    loop_.Advance(MachineMonotonicNow());
  }
}

void EventLoop::Poll() {
  epoll_event events[kEvents];
  const MonotonicTime deadline =
      loop_.ready_count() > 0 ? loop_.now() : loop_.timers().next_deadline();
  const int count = Wait(events, kEvents, deadline);
  loop_.Advance(MachineMonotonicNow());
  for (int i = 0; i < count; ++i)
    static_cast<Watch*>(events[i].data.ptr)->OnEvents(events[i].events);
}

int EventLoop::Wait(epoll_event* events, int capacity, MonotonicTime deadline) {
  timespec timeout = {};
  timespec* limit = nullptr;
  if (deadline != MonotonicTime::InfiniteFuture()) {
    limit = &timeout;
    // loop_.now() is from before the batch; only the time that is left now may be waited for.
    timeout = absl::ToTimespec(std::max(deadline - MachineMonotonicNow(), absl::ZeroDuration()));
  }
  const int count = ::epoll_pwait2(epoll_.get(), events, capacity, limit, nullptr);
  CHECK(count >= 0 || errno == EINTR) << "epoll_pwait2: errno " << errno;
  return std::max(count, 0);
}

void EventLoop::RebuildAfterFork() {
  epoll_ = NewEpoll();
  List<Watch> all;
  all.TakeAll(watches_);
  while (!all.empty()) {
    Watch& watch = all.PopFront();
    epoll_event event = {};
    event.events = watch.events_;
    event.data.ptr = &watch;
    CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, watch.fd_, &event) == 0) << "errno " << errno;
    watches_.PushBack(watch);
  }
}

}  // namespace stagepost
