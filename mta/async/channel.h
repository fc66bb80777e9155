// Channel<T>: a bounded queue between tasks of one process.
//
// Send() waits while it is full, Receive() while it is empty. After Close(), Send() fails with
// kFailedPrecondition and Receive() gives what is left, then kOutOfRange. First come, first served
// on both sides. A cancelled Send() has sent nothing, a cancelled Receive() has taken nothing; what
// could be done without waiting is done even when a stop was requested.
//
// Owned by whoever owns the tasks on both ends; outlives those that wait in it.
#ifndef STAGEPOST_MTA_ASYNC_CHANNEL_H_
#define STAGEPOST_MTA_ASYNC_CHANNEL_H_

#include <coroutine>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mta/async/context.h"
#include "mta/base/check.h"
#include "mta/base/intrusive_list.h"

namespace stagepost {

template <class T>
class Channel {
 public:
  // REQUIRES: capacity > 0.
  explicit Channel(size_t capacity) : capacity_(capacity) { CHECK(capacity > 0); }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  // CHECKs that nobody waits in it, except in a process that is being killed.
  ~Channel() {
    CheckAbandoned(senders_);
    CheckAbandoned(receivers_);
  }

  class [[nodiscard]] SendOperation final : private Leaf, public ListNode<SendOperation> {
   public:
    SendOperation(Channel& channel, T value) : channel_(channel), value_(std::move(value)) {}
    void Bind(TaskContext& context) { context_ = &context; }
    void BindTo(TaskContext& context) { context_ = &context; }
    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> caller) {
      if (channel_.closed_) {
        status_ = Closed();
      } else if (!channel_.TryAccept(value_)) {
        if (!context_->stop_requested()) {
          Suspend(caller, *context_);
          channel_.senders_.PushBack(*this);
          return true;
        }
        status_ = absl::CancelledError("cancelled");
      }
      return !context_->GoOn(caller);
    }
    absl::Status await_resume() { return std::move(status_); }

   private:
    friend class Channel;
    static absl::Status Closed() { return absl::FailedPreconditionError("channel closed"); }
    void Refuse() {
      status_ = Closed();
      Resume();
    }
    void OnStop() override {
      ListNode<SendOperation>::Unlink();
      status_ = absl::CancelledError("cancelled");
      Resume();
    }
    Channel& channel_;
    T value_;
    TaskContext* context_ = nullptr;
    absl::Status status_;
  };

  class [[nodiscard]] ReceiveOperation final : private Leaf, public ListNode<ReceiveOperation> {
   public:
    explicit ReceiveOperation(Channel& channel) : channel_(channel) {}
    void Bind(TaskContext& context) { context_ = &context; }
    void BindTo(TaskContext& context) { context_ = &context; }
    bool await_ready() const { return false; }
    bool await_suspend(std::coroutine_handle<> caller) {
      if (!channel_.TryTake(value_) && !channel_.closed_) {
        if (!context_->stop_requested()) {
          Suspend(caller, *context_);
          channel_.receivers_.PushBack(*this);
          return true;
        }
        cancelled_ = true;
      }
      return !context_->GoOn(caller);
    }
    absl::StatusOr<T> await_resume() {
      if (value_.has_value()) return *std::move(value_);
      if (cancelled_) return absl::CancelledError("cancelled");
      return absl::OutOfRangeError("channel closed");
    }

   private:
    friend class Channel;
    void Deliver(T&& value) {
      value_.emplace(std::move(value));
      Resume();
    }
    void OnStop() override {
      ListNode<ReceiveOperation>::Unlink();
      cancelled_ = true;
      Resume();
    }
    Channel& channel_;
    TaskContext* context_ = nullptr;
    std::optional<T> value_;
    bool cancelled_ = false;
  };

  SendOperation Send(T value) { return SendOperation(*this, std::move(value)); }
  ReceiveOperation Receive() { return ReceiveOperation(*this); }

  void Close() {
    closed_ = true;
    while (!senders_.empty()) senders_.PopFront().Refuse();
    while (!receivers_.empty()) receivers_.PopFront().Resume();
  }

  size_t size() const { return items_.size(); }
  bool closed() const { return closed_; }

 private:
  // Whoever waits to send waits because items_ is full, whoever waits to receive because it is
  // empty.
  bool TryAccept(T& value) {
    if (!receivers_.empty()) {
      receivers_.PopFront().Deliver(std::move(value));
      return true;
    }
    if (items_.size() >= capacity_) return false;
    items_.push_back(std::move(value));
    return true;
  }
  bool TryTake(std::optional<T>& value) {
    if (items_.empty()) return false;
    value.emplace(std::move(items_.front()));
    items_.pop_front();
    if (!senders_.empty()) {
      SendOperation& sender = senders_.PopFront();
      items_.push_back(std::move(sender.value_));
      sender.Resume();
    }
    return true;
  }
  template <class Operation>
  static void CheckAbandoned(List<Operation>& waiters) {
    CHECK(waiters.empty() || waiters.front().dying())
        << "a channel is destroyed while somebody waits in it";
  }

  const size_t capacity_;
  bool closed_ = false;
  std::deque<T> items_;
  List<SendOperation> senders_;
  List<ReceiveOperation> receivers_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_CHANNEL_H_
