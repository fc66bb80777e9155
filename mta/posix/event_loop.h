// EventLoop: drives a Loop live, with epoll.
//
// Each turn asks epoll what has become ready (without waiting while tasks are ready, else until the
// next deadline), tells the Loop the time, fires due timers and resumes at most kBatch ready tasks.
// So neither a busy task nor a busy descriptor starves the others.
//
// Descriptors are watched edge-triggered. Whoever waits has tried the system call before and tries
// again when told; an edge that comes while nobody waits is not lost, since the next call tries
// first. Being told never runs a coroutine, it only fills the ready queue; so nothing is destroyed
// while a batch of events is worked off.
//
// Needs Linux 5.11 (epoll_pwait2).
#ifndef STAGEPOST_MTA_POSIX_EVENT_LOOP_H_
#define STAGEPOST_MTA_POSIX_EVENT_LOOP_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "mta/async/loop.h"
#include "mta/base/intrusive_list.h"
#include "mta/base/time.h"
#include "mta/posix/unique_fd.h"

struct epoll_event;

namespace stagepost {

class EventLoop;

// A descriptor that epoll looks at. Owned by whoever owns the descriptor, destroyed (or unwatched)
// before that is closed.
class Watch : public ListNode<Watch> {
 public:
  Watch() = default;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  bool watched() const { return loop_ != nullptr; }
  void Unwatch();

 protected:
  ~Watch() { Unwatch(); }

 private:
  friend class EventLoop;
  // `events` as of epoll_wait(2): EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR, …
  virtual void OnEvents(uint32_t events) = 0;

  EventLoop* loop_ = nullptr;
  int fd_ = -1;
  uint32_t events_ = 0;
};

// What a turn of the loop asks for, to be done together at its end.
class TurnEnd : public ListNode<TurnEnd> {
 protected:
  ~TurnEnd() = default;

 private:
  friend class EventLoop;
  // Before the loop looks at epoll again. Runs no coroutine.
  virtual void OnTurnEnd() = 0;
};

class EventLoop {
 public:
  // Resumes between two looks at epoll; also the timers fired.
  static constexpr int kBatch = 64;

  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  Loop& loop() { return loop_; }

  // Watches `fd` for `events` (EPOLLET is added). kEPERM: a kind of file that is always ready.
  // REQUIRES: `watch` is not watched.
  absl::Status Add(Watch& watch, int fd, uint32_t events);

  // Calls `work` once, when the turn ends. It withdraws by unlinking itself.
  void AtTurnEnd(TurnEnd& work) {
    if (!work.linked()) turn_ends_.PushBack(work);
  }

  // Does what was put off until now. Part of Turn(), before it waits; for tests.
  void EndTurn();

  // One turn. Waits only if nothing is ready; for ever if there is no deadline either.
  void Turn();

  // In a process made by fork(): epoll and what it watches are shared with the parent, so all is
  // watched anew.
  void RebuildAfterFork();

 private:
  friend class Watch;
  void RunBatch();
  void Poll();
  int Wait(epoll_event* events, int capacity, MonotonicTime deadline);

  Loop loop_;
  UniqueFd epoll_;
  List<Watch> watches_;
  List<TurnEnd> turn_ends_;
};

// CLOCK_MONOTONIC.
MonotonicTime MachineMonotonicNow();

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_EVENT_LOOP_H_
