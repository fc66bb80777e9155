// The body of a queued message as what conversions and reports read.
#ifndef STAGEPOST_MTA_DELIVER_QUEUED_BODY_H_
#define STAGEPOST_MTA_DELIVER_QUEUED_BODY_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "mta/async/task.h"
#include "mta/message/message_text.h"
#include "mta/queue/queue.h"

namespace stagepost {

class QueuedBody final : public BodySource {
 public:
  // `message` outlives it.
  explicit QueuedBody(QueuedMessage& message) : message_(message) {}
  Task<absl::StatusOr<size_t>> ReadAt(uint64_t offset, absl::Span<char> buffer) override {
    co_return co_await message_.ReadBody(offset, buffer);
  }

 private:
  QueuedMessage& message_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_QUEUED_BODY_H_
