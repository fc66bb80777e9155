#include "mta/bin/mail_batch.h"

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "mta/base/status_macros.h"

namespace stagepost {

void MailBatch::Say(absl::string_view reply) {
  Item item;
  item.replies.push_back(absl::StrCat(reply, "\r\n"));
  items_.push_back(std::move(item));
}

void MailBatch::Add(LocalMessage message, size_t bytes) {
  Item item;
  item.replies.resize(message.users.size());
  item.message = std::move(message);
  items_.push_back(std::move(item));
  ++messages_;
  bytes_ += bytes;
}

std::vector<MailBatch::Place> MailBatch::PlacesOf(const User& user, size_t first_item) const {
  std::vector<Place> places;
  for (size_t i = first_item; i < items_.size(); ++i) {
    const std::vector<User>& users = items_[i].message.users;
    for (size_t j = 0; j < users.size(); ++j) {
      if (users[j].name == user.name && items_[i].replies[j].empty()) places.push_back({i, j});
    }
  }
  return places;
}

void MailBatch::Answer(const Place& place, const MailboxResult& result) {
  items_[place.item].replies[place.user] =
      absl::StrCat(result.code, " ", result.dsn, " ", result.text, "\r\n");
}

Task<absl::Status> MailBatch::DeliverTo(const User& user, size_t first_item) {
  const std::vector<Place> places = PlacesOf(user, first_item);
  std::vector<MailboxMessage> messages;
  for (const Place& place : places) {
    const LocalMessage& message = items_[place.item].message;
    messages.push_back({message.sender, message.text.get()});
  }
  if (messages.size() > 1) env_.probes().Reached("mail.local: several messages at once");
  const MailboxResult result = co_await AppendToMailbox(env_, user, absl::MakeConstSpan(messages),
                                                        mailbox_options_, mailboxes_);
  const bool one_by_one = result.no_room && messages.size() > 1;
  for (size_t i = 0; i < places.size(); ++i) {
    if (!one_by_one) {
      Answer(places[i], result);
      continue;
    }
    // The small ones among them may still fit.
    const absl::Span<const MailboxMessage> one = absl::MakeConstSpan(messages).subspan(i, 1);
    const MailboxResult own =
        co_await AppendToMailbox(env_, user, one, mailbox_options_, mailboxes_);
    Answer(places[i], own);
  }
  co_return co_await WriteKnown();
}

Task<absl::Status> MailBatch::WriteKnown() {
  std::string text;
  for (; next_item_ < items_.size(); ++next_item_, next_reply_ = 0) {
    const std::vector<std::string>& replies = items_[next_item_].replies;
    while (next_reply_ < replies.size() && !replies[next_reply_].empty()) {
      text.append(replies[next_reply_++]);
    }
    if (next_reply_ < replies.size()) break;
  }
  if (text.empty()) co_return absl::OkStatus();
  output_ = co_await WriteAll(env_.process().standard_output(), text);
  co_return output_;
}

Task<absl::Status> MailBatch::Settle() {
  // Nobody can be told any more.
  CO_RETURN_IF_ERROR(output_);
  next_item_ = next_reply_ = 0;
  for (size_t i = 0; i < items_.size(); ++i) {
    const LocalMessage& message = items_[i].message;
    if (message.spooled.ok()) continue;
    env_.log().Write(Severity::kError, absl::StrCat("temporary file: ", message.spooled.message()));
    for (size_t j = 0; j < message.users.size(); ++j) {
      Answer({i, j}, {.code = 451, .dsn = "4.3.0", .text = "Cannot write temporary file"});
    }
  }
  for (size_t i = 0; i < items_.size(); ++i) {
    for (size_t j = 0; j < items_[i].message.users.size(); ++j) {
      if (!items_[i].replies[j].empty()) continue;
      CO_RETURN_IF_ERROR(co_await DeliverTo(items_[i].message.users[j], i));
    }
  }
  CO_RETURN_IF_ERROR(co_await WriteKnown());
  items_.clear();
  messages_ = bytes_ = 0;
  co_return absl::OkStatus();
}

}  // namespace stagepost
