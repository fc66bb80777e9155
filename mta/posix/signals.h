// Signals as events, by signalfd(2).
//
// Until NextSignal() is called for the first time SIGHUP, SIGINT and SIGTERM do what they do by
// nature. SIGUSR1, SIGUSR2 and SIGALRM are kept from the start; SIGPIPE is ignored, and SIGCHLD is
// not told: Child::Wait() is how ends of programs are learnt.
#ifndef STAGEPOST_MTA_POSIX_SIGNALS_H_
#define STAGEPOST_MTA_POSIX_SIGNALS_H_

#include <cstdint>
#include <deque>

#include "mta/base/intrusive_list.h"
#include "mta/env/process.h"
#include "mta/posix/event_loop.h"
#include "mta/posix/unique_fd.h"

namespace stagepost {

// The state of signals at the start of a program; of the whole process, once, before any thread.
void PrepareSignals();

class SignalQueue final : private Watch {
 public:
  explicit SignalQueue(EventLoop& events) : events_(events) {}
  ~SignalQueue() { Unwatch(); }

  // As Process::NextSignal().
  Operation<absl::StatusOr<Signal>> Next();

 private:
  class NextOperation;
  absl::Status EnsureOpen();
  void Drain();
  void Deliver();
  void OnEvents(uint32_t events) override;

  EventLoop& events_;
  UniqueFd fd_;
  std::deque<Signal> arrived_;
  List<NextOperation> waiters_;
};

class SignalQueue::NextOperation final : public PendingOperation<absl::StatusOr<Signal>>,
                                         public ListNode<SignalQueue::NextOperation> {
 public:
  explicit NextOperation(SignalQueue& queue) : queue_(queue) {}

 private:
  friend class SignalQueue;
  using Place = ListNode<SignalQueue::NextOperation>;
  void Start() override { queue_.waiters_.PushBack(*this); }
  void OnStop() override {
    Place::Unlink();
    Finish(absl::CancelledError("cancelled"));
  }
  SignalQueue& queue_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_SIGNALS_H_
