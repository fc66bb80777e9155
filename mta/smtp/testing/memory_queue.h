// A queue in memory that can be told to fail.
#ifndef STAGEPOST_MTA_SMTP_TESTING_MEMORY_QUEUE_H_
#define STAGEPOST_MTA_SMTP_TESTING_MEMORY_QUEUE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "mta/queue/queue.h"

namespace stagepost {

struct StoredMessage {
  Envelope envelope;
  std::string body;
  bool handed_over = false;
};

class MemoryQueue final : public Queue {
 public:
  std::vector<std::unique_ptr<StoredMessage>> committed;
  int abandoned = 0;
  absl::Status create_error, append_error, commit_error;
  bool has_room = true;
  int receiving = 0;
  int existing_ids = 0;  // so many Create() calls find their id taken
  QueueLayout groups_and_limits;

  Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> Create(std::string id,
                                                                std::string) override {
    if (existing_ids > 0) {
      --existing_ids;
      co_return absl::AlreadyExistsError(id);
    }
    if (!create_error.ok()) co_return create_error;
    co_return std::make_unique<Incoming>(*this, std::move(id));
  }
  std::string NewId() override { return absl::StrFormat("6AK6XWSU%06d", ++last_id_); }
  const QueueLayout& layout() const override { return groups_and_limits; }
  std::vector<std::string> ChangeLayout(QueueLayout wanted) override {
    return stagepost::ChangeLayout(std::move(wanted), groups_and_limits);
  }
  Task<absl::StatusOr<std::vector<std::string>>> List(QueueSelection, GatherFor) override {
    co_return std::vector<std::string>();
  }
  Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> Lock(std::string id,
                                                            QueueFileKind) override {
    co_return absl::NotFoundError(id);
  }
  Task<absl::StatusOr<bool>> HasRoom(std::string, std::string, int64_t) override {
    co_return has_room;
  }
  Task<absl::Status> Print(QueueSelection, bool) override { co_return absl::OkStatus(); }
  void BeginReceiving() override { ++receiving; }
  Task<void> EndReceiving() override {
    --receiving;
    co_return;
  }
  Task<absl::Status> RemoveOrphans() override { co_return absl::OkStatus(); }

 private:
  // Knows its envelope; nobody works on it.
  class Locked final : public QueuedMessage {
   public:
    explicit Locked(Envelope envelope) : envelope_(std::move(envelope)) {}
    Envelope& envelope() override { return envelope_; }
    const std::string& group() const override { return group_; }
    const std::string& directory() const override { return directory_; }
    Task<absl::StatusOr<size_t>> ReadBody(uint64_t, absl::Span<char>) override { co_return 0; }
    Task<absl::Status> Update() override { co_return Refusal(); }
    Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> Split(Envelope) override {
      co_return Refusal();
    }
    Task<absl::Status> Quarantine(std::string) override { co_return Refusal(); }
    Task<absl::Status> Release() override { co_return Refusal(); }
    Task<absl::Status> Lose(std::string) override { co_return Refusal(); }
    Task<absl::Status> Remove() override { co_return Refusal(); }

   private:
    static absl::Status Refusal() {
      return absl::FailedPreconditionError("messages in memory are not delivered");
    }
    Envelope envelope_;
    const std::string group_, directory_ = "/memory";
  };

  class Incoming final : public IncomingMessage {
   public:
    Incoming(MemoryQueue& queue, std::string id) : queue_(queue), id_(std::move(id)) {}
    const std::string& id() const override { return id_; }
    Task<absl::Status> AppendBody(absl::string_view bytes) override {
      if (queue_.append_error.ok()) message_->body += std::string(bytes);
      co_return queue_.append_error;
    }
    Task<absl::Status> Commit(Envelope& envelope) override {
      if (!queue_.commit_error.ok()) co_return queue_.commit_error;
      envelope.id = id_;
      message_->envelope = envelope;
      stored_ = message_.get();
      queue_.committed.push_back(std::move(message_));
      co_return absl::OkStatus();
    }
    Task<absl::Status> AddPart(Envelope& envelope, std::string) override {
      if (!queue_.commit_error.ok()) co_return queue_.commit_error;
      envelope.id = queue_.NewId();
      auto part = std::make_unique<StoredMessage>(*message_);
      part->envelope = envelope;
      queue_.committed.push_back(std::move(part));
      co_return absl::OkStatus();
    }
    std::vector<std::unique_ptr<QueuedMessage>> HandOver(Envelope envelope) override {
      stored_->handed_over = true;
      std::vector<std::unique_ptr<QueuedMessage>> messages;
      messages.push_back(std::make_unique<Locked>(std::move(envelope)));
      return messages;
    }
    Task<absl::Status> Abandon() override {
      ++queue_.abandoned;
      co_return absl::OkStatus();
    }

   private:
    MemoryQueue& queue_;
    const std::string id_;
    std::unique_ptr<StoredMessage> message_ = std::make_unique<StoredMessage>();
    StoredMessage* stored_ = nullptr;
  };
  int last_id_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_TESTING_MEMORY_QUEUE_H_
