// The qf file: an envelope as text, in sendmail's format, version 8 (Installation and Operation
// Guide, appendix "Queue File Formats").
//
// One line, one thing, said by its first letter; a line that begins with white space continues a
// header field; a line with a single dot ends the file. In the order they are written:
//
//   V8 T K N P I B M F $ S Z A, then for each recipient C M Q r R, then H, then .
//
// FormatQueueFile() of what ParseQueueFile() gave is the file again if sendmail wrote it, and means
// the same in any case: a line that is not understood is an error, never dropped. Not understood
// are also what this version cannot honour (q quarantine, ! DELIVERBY) and lines of other versions
// (D, E, L, d, c, t).
#ifndef STAGEPOST_MTA_QUEUE_QUEUE_FILE_H_
#define STAGEPOST_MTA_QUEUE_QUEUE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/queue/envelope.h"

namespace stagepost {

// Limits of both directions, so that nothing is written that would not be read.
inline constexpr size_t kMaxQueueFileBytes = 16 << 20;
inline constexpr size_t kMaxQueuedHeaderBytes = 1 << 20;  // names and values
inline constexpr size_t kMaxQueuedHeaderFields = 10'000;
inline constexpr size_t kMaxQueuedRecipients = 20'000;
inline constexpr size_t kMaxQueuedMacros = 1'000;

// The text of a qf file. kInvalidArgument: a field has a line end or NUL where the format has no
// place for it, or something else that would not be read back as it is. kResourceExhausted: over a
// limit.
absl::StatusOr<std::string> FormatQueueFile(const Envelope& envelope);

// The envelope in `text`, less id, body_bytes and users, which the file does not hold. kDataLoss:
// not understood; the message is "<file_name>:<line>: <what is wrong>".
absl::StatusOr<Envelope> ParseQueueFile(absl::string_view file_name, absl::string_view text);

// What queue runs are ordered by.
struct QueueOrder {
  int64_t priority = 0;
  int64_t created = 0;  // Unix time
};
// Looks for it in the first bytes of a qf file, of which kQueueOrderBytes are enough; nullopt: not
// there.
inline constexpr size_t kQueueOrderBytes = 256;
std::optional<QueueOrder> FindQueueOrder(absl::string_view beginning);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_QUEUE_FILE_H_
