// A queued message as a mailer gets it: the header fields meant for it, an empty line, the body.
#ifndef STAGEPOST_MTA_DELIVER_MESSAGE_TEXT_H_
#define STAGEPOST_MTA_DELIVER_MESSAGE_TEXT_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "mta/deliver/lmtp_client.h"
#include "mta/queue/queue.h"

namespace stagepost {

// The header and the empty line behind it, LF line ends. A conditional field is there if the mailer
// has one of its flags, or if its macro has a value. `sender` stands for the macro $g in
// Return-Path and in no other field, since the two bytes that mean it may be part of somebody's
// UTF-8.
std::string HeaderForMailer(const Envelope& envelope, absl::string_view mailer_flags,
                            absl::string_view sender);

// Reads `header` and then the body of `message`, which outlives this.
class QueuedMessageText final : public MessageText {
 public:
  QueuedMessageText(std::string header, QueuedMessage& message)
      : header_(std::move(header)), message_(message) {}

  Task<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override;

 private:
  const std::string header_;
  QueuedMessage& message_;
  uint64_t offset_ = 0;  // in header and body taken together
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_MESSAGE_TEXT_H_
