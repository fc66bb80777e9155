// The text of a message as something to be read, whatever makes it up. Line ends are LF.
#ifndef STAGEPOST_MTA_MESSAGE_MESSAGE_TEXT_H_
#define STAGEPOST_MTA_MESSAGE_MESSAGE_TEXT_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "mta/async/task.h"

namespace stagepost {

// Header and body, from the beginning to the end, once.
class MessageText {
 public:
  virtual ~MessageText() = default;
  // The next piece, at most buffer.size() bytes; 0 at the end.
  virtual Task<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) = 0;
};

// A body that can be read from anywhere, as often as one likes.
class BodySource {
 public:
  virtual ~BodySource() = default;
  // At least one byte at `offset` unless that is the end.
  virtual Task<absl::StatusOr<size_t>> ReadAt(uint64_t offset, absl::Span<char> buffer) = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_MESSAGE_TEXT_H_
