// The qf file: an envelope as text, in sendmail's format, version 8 (Installation and Operation
// Guide, appendix "Queue File Formats").
//
// One line, one thing, said by its first letter; a line that begins with white space continues a
// header field; a line with a single dot ends the file. In the order they are written:
//
//   V8 T K N P I d B q M F $ S Z A !, then for each recipient M C Q r R, then H, then .
//
// FormatQueueFile() of what ParseQueueFile() gave is the file again if sendmail wrote it, and means
// the same in any case: a line that is not understood is an error, never dropped. Files of older
// versions are read, too; of these D (the name of the df file), E (who hears of errors) and L (the
// length of the body) go without a trace, as in sendmail.
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
inline constexpr size_t kMaxQueueFileBytes = 32 << 20;
inline constexpr size_t kMaxQueuedHeaderBytes = 1 << 20;  // names and values
inline constexpr size_t kMaxQueuedHeaderFields = 10'000;
inline constexpr size_t kMaxQueuedRecipients = 100'000;
inline constexpr size_t kMaxQueuedMacros = 1'000;

// A message that has been taken can be written for as long as it waits: a new one leaves room for
// what expansion puts in place of its recipients, and that leaves kQueueFileReserve for what
// attempts add. Of this only the M lines of recipients may be many; they are for people, and what
// is too much is left out.
inline constexpr size_t kMaxNewQueueFileBytes = 16 << 20;
inline constexpr size_t kMaxQueuedStatusBytes = 3 << 20;
inline constexpr size_t kQueueFileReserve = 4 << 20;
static_assert(kMaxQueuedStatusBytes < kQueueFileReserve &&
              kMaxNewQueueFileBytes + kQueueFileReserve < kMaxQueueFileBytes);

// The text of a qf file, of at most `max_bytes`. kInvalidArgument: a field has a line end or NUL
// where the format has no place for it, or something else that would not be read back as it is.
// kResourceExhausted: over a limit.
absl::StatusOr<std::string> FormatQueueFile(const Envelope& envelope,
                                            size_t max_bytes = kMaxQueueFileBytes);

// An error of a queue file: what it says (may be empty), and why the file is to be set aside; an
// empty reason: it is not. kDataLoss.
absl::Status QueueFileError(absl::string_view message, absl::string_view losing_reason);
// The reason; empty: none.
std::string LosingReason(const absl::Status& status);

// The envelope in `text`, less what the file does not hold (id, body_bytes, users, …). kDataLoss: a
// QueueFileError() in sendmail's words: "readqf: ./qf6AK6XWSU000517: line 8: bad line "x"", or
// "readqf: ./qf6AK6XWSU000517: incomplete queue file read", which has no reason to be set aside.
// `file_name` is for messages.
absl::StatusOr<Envelope> ParseQueueFile(absl::string_view file_name, absl::string_view text);

// What queue runs are ordered by.
struct QueueOrder {
  int64_t priority = 0;
  int64_t created = 0;       // Unix time
  int64_t last_attempt = 0;  // Unix time; 0: none
  int64_t attempts = 0;
};
// Looks for it in the first bytes of a qf file, of which kQueueOrderBytes are enough; nullopt: not
// there.
inline constexpr size_t kQueueOrderBytes = 256;
std::optional<QueueOrder> FindQueueOrder(absl::string_view beginning);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_QUEUE_FILE_H_
