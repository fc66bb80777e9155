// <mailbox>.lock: the lock that every mail reader honours, fcntl or not.
//
//   DotLock lock(env, files, "/var/mail/alice");
//   CO_RETURN_IF_ERROR(co_await lock.Acquire());
//   … co_await lock.Release();
//
// A file made with O_EXCL, with our process id inside. One that is older than kDotLockStale was
// left behind by a crash and is removed; a lock file is never opened or followed otherwise, so that
// a planted link or FIFO does nothing but keep the mailbox locked. Since two programs may remove
// the same stale lock, whoever writes also holds an fcntl lock of the mailbox itself.
#ifndef STAGEPOST_MTA_DELIVER_DOT_LOCK_H_
#define STAGEPOST_MTA_DELIVER_DOT_LOCK_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "mta/async/task.h"
#include "mta/base/time.h"
#include "mta/env/clock.h"
#include "mta/env/environment.h"

namespace stagepost {

inline constexpr absl::Duration kDotLockStale = absl::Seconds(300);

// How long others may hold the lock of a mailbox, and how often it is looked whether they still do.
// Most hold it as long as one message takes to be written, and many may want it in turn: who has
// waited for long must not look more seldom than who has just come. Only a lock that nobody seems
// to let go of is looked at once a second.
class LockPatience {
 public:
  static constexpr absl::Duration kInAll = absl::Seconds(45);
  static constexpr absl::Duration kFirstPause = absl::Milliseconds(1);
  static constexpr absl::Duration kLongestPause = absl::Milliseconds(10);
  static constexpr absl::Duration kTurns = absl::Seconds(5);  // so long others may be in turn
  static constexpr absl::Duration kLastPause = absl::Seconds(1);

  explicit LockPatience(const Clock& clock) : begin_(clock.MonotonicNow()), clock_(clock) {}

  // Whether there is any left.
  bool left() const { return waited() < kInAll; }
  // Waits for a while. kCancelled: asked to stop.
  Task<absl::Status> Wait();

 private:
  absl::Duration waited() const { return clock_.MonotonicNow() - begin_; }

  const MonotonicTime begin_;
  const Clock& clock_;
  absl::Duration pause_ = kFirstPause;
};

class DotLock {
 public:
  // `files` has the identity that makes the lock. Everything outlives the lock. Destroyed without
  // Release(), the lock file stays and becomes stale.
  DotLock(Environment& env, FileSystem& files, std::string mailbox);

  // kUnavailable: another holds the lock. Other errors are those of making the file.
  Task<absl::Status> Acquire();
  // Removes the lock file if it still is ours. OK without a lock.
  Task<absl::Status> Release();

 private:
  Task<absl::Status> TryOnce();
  Task<absl::Status> RemoveIfStale();

  Environment& env_;
  FileSystem& files_;
  const std::string path_;
  std::optional<uint64_t> inode_;  // of our lock file
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_DOT_LOCK_H_
