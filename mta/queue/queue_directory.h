// The files of a queue directory, and how they are written.
//
// For queue.cc, incoming_message.cc and queued_message.cc only. Names are relative: the process
// stands in the queue directory.
#ifndef STAGEPOST_MTA_QUEUE_QUEUE_DIRECTORY_H_
#define STAGEPOST_MTA_QUEUE_QUEUE_DIRECTORY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "mta/queue/envelope.h"
#include "mta/queue/queue.h"

namespace stagepost {

// Removing what a failed or finished message leaves: what that still gets after a stop request.
inline constexpr absl::Duration kQueueCleanupGrace = absl::Seconds(5);

inline std::string DataFileName(absl::string_view id) { return "df" + std::string(id); }
inline std::string ControlFileName(absl::string_view id) { return "qf" + std::string(id); }
// A qf file that has lost its body, set aside for an administrator to look at.
inline std::string LostFileName(absl::string_view id) { return "Qf" + std::string(id); }
inline std::string TemporaryFileName(absl::string_view id) { return "tf" + std::string(id); }

// Writes all of `bytes` at `offset`, however short the single writes are.
Task<absl::Status> WriteAllAt(File& file, uint64_t offset, absl::string_view bytes);

// Reads until `buffer` is full or the file ends; how much it was.
Task<absl::StatusOr<size_t>> ReadFully(File& file, absl::Span<char> buffer);

// Unlinks; OK also if there is no such file.
Task<absl::Status> UnlinkIfPresent(FileSystem& files, std::string name);

// Writes `envelope` into tf<id>, synced and locked (exclusive flock), ready to be renamed to
// qf<id>. The lock goes with the file that is returned. After an error there may be a tf file.
// REQUIRES: the caller owns the message, so that a tf file that is there already is one that a
// crash has left.
Task<absl::StatusOr<std::unique_ptr<File>>> WriteTemporaryFile(Environment& env,
                                                               const Envelope& envelope);

// kAlreadyExists: the id is taken.
Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> CreateIncomingMessage(Environment& env,
                                                                             std::string id);
// As Queue::Lock().
Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> LockQueuedMessage(Environment& env,
                                                                       std::string id);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_QUEUE_DIRECTORY_H_
