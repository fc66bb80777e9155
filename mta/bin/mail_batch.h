// What an LMTP client of mail.local has asked and was not answered yet: replies, and messages that
// are still to be delivered, in their order (RFC 2920, section 3.2: replies may wait until there is
// nothing more to be read).
//
// A client that does not wait for answers hands over many messages at a time. Those for one mailbox
// are appended together: one lock and one flush for all of them.
#ifndef STAGEPOST_MTA_BIN_MAIL_BATCH_H_
#define STAGEPOST_MTA_BIN_MAIL_BATCH_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/deliver/mailbox.h"
#include "mta/deliver/message_spool.h"
#include "mta/env/accounts.h"
#include "mta/env/environment.h"

namespace stagepost {

// A message whose end has come.
struct LocalMessage {
  std::string sender;
  std::vector<User> users;  // one reply for each
  std::unique_ptr<MessageSpool> text;
  absl::Status spooled;  // an error: it could not be kept
};

class MailBatch {
 public:
  // Then it is to be settled: what has come is enough to share a flush, and should not wait longer.
  static constexpr size_t kMostMessages = 64;
  static constexpr size_t kMostBytes = 1 << 20;
  static constexpr size_t kMostItems = 1000;  // messages and other replies

  // `env` outlives it.
  MailBatch(Environment& env, MailboxOptions options)
      : env_(env), mailbox_options_(std::move(options)) {}

  // `reply` without its line end.
  void Say(absl::string_view reply);
  void Add(LocalMessage message, size_t bytes);

  bool empty() const { return items_.empty(); }
  bool has_messages() const { return messages_ > 0; }
  size_t messages() const { return messages_; }
  size_t bytes() const { return bytes_; }
  bool full() const {
    return messages_ >= kMostMessages || bytes_ >= kMostBytes || items_.size() >= kMostItems;
  }

  // Delivers what there is and writes all replies, each as soon as the ones in front of it are
  // known. An error is one of the output. Afterwards the batch is empty.
  Task<absl::Status> Settle();

 private:
  // A reply, or a message and the replies to it.
  struct Item {
    LocalMessage message;
    std::vector<std::string> replies;  // lines with their ends; empty: not known yet
  };
  // Place of one recipient in items_.
  struct Place {
    size_t item, user;
  };

  std::vector<Place> PlacesOf(const User& user, size_t first_item) const;
  Task<absl::Status> DeliverTo(const User& user, size_t first_item);
  void Answer(const Place& place, const MailboxResult& result);
  // Writes what is known from the first reply that was not written on.
  Task<absl::Status> WriteKnown();

  Environment& env_;
  const MailboxOptions mailbox_options_;
  OpenMailboxes mailboxes_;
  std::vector<Item> items_;
  size_t messages_ = 0, bytes_ = 0;
  size_t next_item_ = 0, next_reply_ = 0;  // to be written
  absl::Status output_;                    // an error: the client is gone
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_MAIL_BATCH_H_
