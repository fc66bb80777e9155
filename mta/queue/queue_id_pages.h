// The queue ids of a directory, in the order of their names, in memory that does not depend on how
// many there are.
//
// For the .cc files of this folder, and for tests.
#ifndef STAGEPOST_MTA_QUEUE_QUEUE_ID_PAGES_H_
#define STAGEPOST_MTA_QUEUE_QUEUE_ID_PAGES_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/async/task.h"
#include "mta/env/file_system.h"
#include "mta/queue/queue_id.h"

namespace stagepost {

// Calls take("qf", id) for every file of the directory that is named so, of whatever kind; in the
// directory's order. Directories are none of the queue's files.
Task<absl::Status> ReadQueueFileNames(
    FileSystem& files, std::string directory,
    absl::FunctionRef<void(absl::string_view kind, const CompactQueueId& id)> take);

// One page after another. The directory is read once for as many ids as may be held; of those that
// are more, the first in order are kept, and it is read again when these have been used. What comes
// or goes meanwhile is on a later page or not.
class QueueIdPages {
 public:
  // 16 MiB, and a queue of a million is read once.
  static constexpr size_t kMaxHeldIds = size_t{1} << 20;
  using Filter = std::function<bool(const CompactQueueId& id)>;

  // Of the files called `kind` and an id ("qf") in `directory`, those that are `wanted` (null:
  // all). `files` outlives it. At most `max_held` ids are in memory, and at least half as many on a
  // page that is not the last.
  QueueIdPages(FileSystem& files, std::string directory, std::string kind, Filter wanted,
               size_t max_held = kMaxHeldIds);

  // The next page, sorted; empty: there is none any more. Valid until the next call.
  Task<absl::StatusOr<absl::Span<const CompactQueueId>>> Next();
  // How many ids there were when the first page was read.
  size_t count() const { return count_; }
  size_t held_bytes() const { return ids_.capacity() * sizeof(CompactQueueId); }
  int passes() const { return passes_; }  // times that the directory has been read

 private:
  void Take(const CompactQueueId& id);
  void KeepFirstHalf();

  FileSystem& files_;
  const std::string directory_;
  const std::string kind_;
  const Filter wanted_;
  const size_t max_held_;
  std::vector<CompactQueueId> ids_;
  CompactQueueId behind_;  // the last id that was given; none yet: before all others
  CompactQueueId last_;    // with complete_ == false: ids behind it belong to a later page
  bool complete_ = true;   // the page has all ids behind behind_
  size_t count_ = 0;
  int passes_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_QUEUE_ID_PAGES_H_
