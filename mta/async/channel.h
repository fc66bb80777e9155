// Channel<T>: a bounded queue between tasks of one thread of control.
//
// Send() waits while it is full, Receive() while it is empty. After Close(), Send() fails with
// kFailedPrecondition and Receive() gives what is left, then kOutOfRange. First come, first served on
// both sides. A cancelled Send() has sent nothing, a cancelled Receive() has taken nothing.
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
  ~Channel() { CHECK(senders_.empty() && receivers_.empty()); }

  class [[nodiscard]] SendOperation final : private Leaf, public ListNode<SendOperation> {
   public:
    SendOperation(Channel& channel, T value) : channel_(channel), value_(std::move(value)) {}
    void Bind(TaskContext& context) { context_ = &context; }
    void BindTo(TaskContext& context) { context_ = &context; }
    bool await_ready() {
      if (channel_.closed_) {
        status_ = Closed();
        return true;
      }
      if (!channel_.receivers_.empty()) {
        channel_.receivers_.PopFront().Deliver(std::move(value_));
        return true;
      }
      if (channel_.items_.size() >= channel_.capacity_) return false;
      channel_.items_.push_back(std::move(value_));
      return true;
    }
    bool await_suspend(std::coroutine_handle<> caller) {
      if (context_->stop_requested()) {
        status_ = absl::CancelledError("cancelled");
        return false;
      }
      Suspend(caller, *context_);
      channel_.senders_.PushBack(*this);
      return true;
    }
    absl::Status await_resume() { return std::move(status_); }

   private:
    friend class Channel;
    static absl::Status Closed() { return absl::FailedPreconditionError("channel closed"); }
    void Accepted() { Resume(); }
    void Refused() {
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
    bool await_ready() {
      if (!channel_.items_.empty()) {
        value_.emplace(std::move(channel_.items_.front()));
        channel_.items_.pop_front();
        channel_.AdmitSender();
        return true;
      }
      return channel_.closed_;
    }
    bool await_suspend(std::coroutine_handle<> caller) {
      if (context_->stop_requested()) {
        cancelled_ = true;
        return false;
      }
      Suspend(caller, *context_);
      channel_.receivers_.PushBack(*this);
      return true;
    }
    absl::StatusOr<T> await_resume() {
      if (value_.has_value()) return *std::move(value_);
      if (cancelled_) return absl::CancelledError("cancelled");
      return absl::OutOfRangeError("channel closed");
    }

   private:
    friend class Channel;
    void Deliver(T value) {
      value_.emplace(std::move(value));
      Resume();
    }
    void Closed() { Resume(); }
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
    while (!senders_.empty()) senders_.PopFront().Refused();
    while (!receivers_.empty()) receivers_.PopFront().Closed();
  }

  size_t size() const { return items_.size(); }
  bool closed() const { return closed_; }

 private:
  void AdmitSender() {
    if (senders_.empty()) return;
    SendOperation& sender = senders_.PopFront();
    items_.push_back(std::move(sender.value_));
    sender.Accepted();
  }

  const size_t capacity_;
  bool closed_ = false;
  std::deque<T> items_;
  List<SendOperation> senders_;
  List<ReceiveOperation> receivers_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ASYNC_CHANNEL_H_
