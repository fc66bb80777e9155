// Which messages a directory has, and in which order they come: what queue runs and listings share.
//
// For the .cc files of this folder only.
#ifndef STAGEPOST_MTA_QUEUE_QUEUE_GATHER_H_
#define STAGEPOST_MTA_QUEUE_QUEUE_GATHER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "mta/async/task.h"
#include "mta/queue/queue_directory.h"
#include "mta/queue/queue_id.h"
#include "mta/queue/queue_id_pages.h"
#include "mta/queue/queue_selection.h"

namespace stagepost {

// A queued message, as far as its place in the order goes. Small: there may be a million.
struct QueueCandidate {
  CompactQueueId id;
  int64_t first_key = 0;
  int64_t second_key = 0;
  int64_t priority = 0;  // 0 also if it did not have to be read
  bool too_young = false;
  std::unique_ptr<const std::string> host;  // with QueueSortOrder=host only, if it has one
};

// Reads a control file line by line, in bounded memory.
class QueueLineReader {
 public:
  explicit QueueLineReader(File& file) : file_(file) {}

  // The next line without its end, cut at kMaxLineBytes; nullopt: there is none, or the file goes
  // on beyond what any queue file has.
  Task<absl::StatusOr<std::optional<std::string>>> Next();

 private:
  static constexpr size_t kChunkBytes = 4096;
  static constexpr size_t kMaxLineBytes = 8192;

  File& file_;
  uint64_t offset_ = 0;
  std::string buffer_;  // read, not yet given
  size_t at_ = 0;
};

// Opens a control file for reading, whatever its name leads to but a symbolic link.
Task<absl::StatusOr<std::unique_ptr<File>>> OpenControlFile(QueueState& state, std::string name);

// Ids of the files of the selection's kind whose ids hold, in the order of their names: page by
// page, and all of them.
QueueIdPages PagesOfIds(QueueState& state, const QueuePlace& place,
                        const QueueSelection& selection);
Task<absl::StatusOr<std::vector<CompactQueueId>>> ListIds(QueueState& state,
                                                          const QueuePlace& place,
                                                          const QueueSelection& selection);

// Of `ids`, those that are selected, with their keys; not sorted. Files that are gone are left out.
// A listing says of ages only what it comes to know anyway.
Task<absl::StatusOr<std::vector<QueueCandidate>>> ReadCandidates(
    QueueState& state, const QueuePlace& place, const QueueSelection& selection,
    absl::Span<const CompactQueueId> ids, GatherFor purpose);

// Sorts by the layout's order. Of those that are alike the newest are in front, as with sendmail
// that reads a directory in memory; whoever has been tried has a lower priority, and so all get
// their turn.
void SortCandidates(QueueState& state, std::vector<QueueCandidate>& candidates);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_QUEUE_GATHER_H_
