// The directories of a queue, and how files are written there.
//
// For the .cc files of this folder only. Names are relative: the process stands in the queue's base
// directory.
#ifndef STAGEPOST_MTA_QUEUE_QUEUE_DIRECTORY_H_
#define STAGEPOST_MTA_QUEUE_QUEUE_DIRECTORY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "mta/queue/envelope.h"
#include "mta/queue/queue.h"
#include "mta/queue/queue_file.h"
#include "mta/queue/queue_id.h"
#include "mta/queue/queue_layout.h"
#include "mta/queue/spare_files.h"

namespace stagepost {

// Removing what a failed or finished message leaves: what that still gets after a stop request.
inline constexpr absl::Duration kQueueCleanupGrace = absl::Seconds(5);

// One queue directory.
struct QueuePlace {
  size_t group = 0;   // index into the layout's groups
  std::string shown;  // "/var/spool/mqueue", "/var/spool/mqueue/slow/df": where its df files are
  // In front of names of control, data and transcript files: "", "q1/", "q1/qf/".
  std::string control, data, transcript;

  std::string ControlFile(QueueFileKind kind, absl::string_view id) const {
    return absl::StrCat(control, PrefixOf(kind), id);
  }
  std::string DataFile(absl::string_view id) const { return absl::StrCat(data, "df", id); }
  std::string TemporaryFile(absl::string_view id) const { return absl::StrCat(control, "tf", id); }
  // What messages call a file of the place: "./qf6AK6XWSU000517", "q1/qf/qf6AK6XWSU000517".
  static std::string InMessages(absl::string_view name) {
    return absl::StrCat(absl::StrContains(name, "/") ? "" : "./", name);
  }
  static std::string DirectoryOf(absl::string_view prefix) {
    return prefix.empty() ? "." : std::string(prefix.substr(0, prefix.size() - 1));
  }
};

// What all parts of one opened queue share. Outlives the messages.
struct QueueState {
  Environment& env;
  QueueLayout layout;
  std::vector<QueuePlace> places;  // at least one of each group, in the order of the groups
  QueueIdSource ids;
  SpareFiles spares;

  FileSystem& files() { return env.files(); }
  FileMode file_mode() const;
};

// Writes all of `bytes` at `offset`, however short the single writes are.
Task<absl::Status> WriteAllAt(File& file, uint64_t offset, absl::string_view bytes);

// Reads at `offset` until `buffer` is full or the file ends; how much it was.
Task<absl::StatusOr<size_t>> ReadFullyAt(File& file, uint64_t offset, absl::Span<char> buffer);

// Unlinks; OK also if there is no such file.
Task<absl::Status> UnlinkIfPresent(FileSystem& files, std::string name);

// Renames, and replaces nothing: kEEXIST. Where the file system has no such call, it is not one
// step.
Task<absl::Status> MoveNew(FileSystem& files, std::string from, std::string to);

// Makes a file of the queue with its mode, open for reading and writing. kAlreadyExists, Errno
// kEEXIST: there is one.
Task<absl::StatusOr<std::unique_ptr<File>>> MakeQueueFile(QueueState& state, std::string name);

// As the seam's, unless the layout does without.
Task<absl::Status> SyncFile(QueueState& state, File& file);
Task<absl::Status> SyncPrefix(QueueState& state, absl::string_view prefix);

// Unlinks a file of a message that is done, or keeps it for the next one: then `file`, which is
// that file, open for writing, is taken. Null: it can only be unlinked.
Task<absl::Status> Retire(QueueState& state, std::string directory, SpareKind kind,
                          std::string name, std::unique_ptr<File>& file);

// A control file on its way into place.
struct TemporaryFile {
  std::string name;            // tf<id>, or a spare file's; empty: none was made
  std::unique_ptr<File> file;  // locked
};

// Writes `envelope` into a temporary file, synced and locked (exclusive flock), ready to be renamed
// to qf<id>. After an error `result` may name one that has to be removed.
// REQUIRES: the caller owns the message, so that a tf file that is there already is one that a
// crash has left.
// `body`, if it is given, is synced beside it, so that one wait for the disk serves both.
Task<absl::Status> WriteTemporaryFile(QueueState& state, const QueuePlace& place,
                                      const Envelope& envelope, File* body, TemporaryFile& result,
                                      size_t max_bytes = kMaxQueueFileBytes);

// Gives df<from_id> of one place a second name, df<to_id> in another, durable but for the directory
// entry; across file systems, or when it has too many names, as a copy. kAlreadyExists: there is
// one.
Task<absl::Status> ShareDataFile(QueueState& state, const QueuePlace& from,
                                 absl::string_view from_id, const QueuePlace& to,
                                 absl::string_view to_id);

// kAlreadyExists: the id is taken.
Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> CreateIncomingMessage(
    QueueState& state, const QueuePlace& place, std::string id);
// A place of the group, at random among several.
const QueuePlace& ChoosePlace(QueueState& state, size_t group);

// As Queue::Lock(), in one place.
Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> LockQueuedMessage(QueueState& state,
                                                                       const QueuePlace& place,
                                                                       std::string id,
                                                                       QueueFileKind kind);

// A message whose files are open: `control` is the file of that kind in `place`, locked, and open
// for writing; `data` its df file in `data_place`, open for reading, and perhaps for writing.
std::unique_ptr<QueuedMessage> MakeLockedMessage(QueueState& state, const QueuePlace& place,
                                                 const QueuePlace& data_place, QueueFileKind kind,
                                                 Envelope envelope, std::unique_ptr<File> control,
                                                 std::unique_ptr<File> data, bool data_is_writable);

// Bytes of the message as it would be sent with LF line ends, conditional fields left out.
int64_t SizeOfParts(const Envelope& envelope);

// Finds the directories. Errors as OpenQueue().
Task<absl::StatusOr<std::vector<QueuePlace>>> FindQueuePlaces(Environment& env,
                                                              const QueueLayout& layout);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_QUEUE_DIRECTORY_H_
