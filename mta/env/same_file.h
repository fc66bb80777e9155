// Whether a file that was read is still the same: for whoever keeps what a file said.
//
//   if (look_.IsRecent(now)) …          // the same
//   SameFile(co_await files.Stat(path), stat_) …; look_.FoundSame(now);
#ifndef STAGEPOST_MTA_ENV_SAME_FILE_H_
#define STAGEPOST_MTA_ENV_SAME_FILE_H_

#include <optional>

#include "absl/time/time.h"
#include "mta/base/time.h"
#include "mta/env/file_system.h"

namespace stagepost {

// Whether two answers of Stat() are of the same, unchanged file.
inline bool SameFile(const FileStat& a, const FileStat& b) {
  return a.device == b.device && a.inode == b.inode && a.size == b.size &&
         a.modified == b.modified && a.changed == b.changed;
}

// How long a file that was seen to be the same passes for that without being looked at. Whoever
// asks about many names asks about them one after the other; whoever changes a file and then sends
// a message takes longer.
inline constexpr absl::Duration kFileGlance = absl::Milliseconds(5);

// When a file was last seen to be the one that was read. The times are those at which the look
// began.
class FileLook {
 public:
  void FoundSame(MonotonicTime began) { at_ = began; }
  void Forget() { at_.reset(); }
  bool IsRecent(MonotonicTime now) const { return at_.has_value() && now - *at_ < kFileGlance; }

 private:
  std::optional<MonotonicTime> at_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_SAME_FILE_H_
