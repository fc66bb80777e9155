// Lock files that are kept for the next time the same mailboxes are locked.
//
// File systems take long to find an inode when many were freed lately, and a busy mailbox is locked
// hundreds of times a second. So who locks one again soon keeps its lock file meanwhile: open, and
// as .<mailbox>.lock.spare beside the mailbox. DotLock renames it to lock and to let go; a rename
// that replaces nothing is as exclusive as O_EXCL, and the time of the file is made that of the
// locking before.
//
// A spare is only ever used by who made it, and nobody but its user (or the owner of the directory)
// can put another in its place. It is removed as soon as the mailbox is quiet. One that a crash
// left behind takes the name, until somebody else wants it who sees that it is as old as a stale
// lock. File systems that cannot rename so have no spares.
#ifndef STAGEPOST_MTA_DELIVER_SPARE_LOCKS_H_
#define STAGEPOST_MTA_DELIVER_SPARE_LOCKS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/async/task.h"
#include "mta/base/time.h"
#include "mta/env/environment.h"
#include "mta/env/file_system.h"

namespace stagepost {

// What is known of one mailbox's lock. Used by DotLock.
struct SpareLock {
  std::string path;                   // of the spare
  std::shared_ptr<FileSystem> files;  // whose identity made it; null: the process's own
  std::unique_ptr<File> file;         // null: there is no spare
  uint64_t inode = 0;
  std::optional<MonotonicTime> released;  // when we last let go of the mailbox
  bool possible = true;
};

class SpareLocks {
 public:
  static constexpr size_t kMost = 16;  // mailboxes
  // Who locks a mailbox again within this time does so often.
  static constexpr absl::Duration kSoon = absl::Seconds(1);

  // `env` outlives it.
  explicit SpareLocks(Environment& env) : env_(env) {}

  // Null: there are too many. `files`: see SpareLock.
  std::shared_ptr<SpareLock> Of(const std::string& mailbox, std::shared_ptr<FileSystem> files);
  bool empty() const { return spares_.empty(); }
  // Removes those that were not used for `age`.
  Task<void> Remove(absl::Duration age);

 private:
  Environment& env_;
  std::map<std::string, std::shared_ptr<SpareLock>> spares_;  // by mailbox
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_SPARE_LOCKS_H_
