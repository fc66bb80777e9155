// Whole-file locks of a simulated disk: flock(2), held by an open file, and fcntl(2), held by a
// process. As on Linux neither kind sees the other, and there is no fairness: whoever asks while
// the lock is free gets it, waiters or not.
#ifndef STAGEPOST_SIM_WORLD_DISK_LOCKS_H_
#define STAGEPOST_SIM_WORLD_DISK_LOCKS_H_

#include <cstdint>
#include <vector>

#include "mta/base/intrusive_list.h"
#include "mta/env/file_system.h"

namespace stagepost {

class OpenFile;

// Somebody who waits for a lock. Leaves the queue by being destroyed, or by Unlink().
class LockWaiter : public ListNode<LockWaiter> {
 public:
  // REQUIRES: `file` stays open while this is queued.
  LockWaiter(OpenFile& file, LockKind kind, LockMode mode)
      : file_(file), kind_(kind), mode_(mode) {}

  OpenFile& file() const { return file_; }
  LockKind kind() const { return kind_; }
  LockMode mode() const { return mode_; }

  // The lock is held now; called once, already out of the queue.
  virtual void OnGranted() = 0;

 protected:
  ~LockWaiter() = default;

 private:
  OpenFile& file_;
  LockKind kind_;
  LockMode mode_;
};

// Locks of one inode, and who waits for them in order of arrival.
struct InodeLocks {
  struct Held {
    LockKind kind;
    LockMode mode;
    const OpenFile* file;  // kFlock
    uint64_t process;      // kFcntl
  };
  std::vector<Held> held;
  List<LockWaiter> waiters;

  bool Owns(const Held& lock, const OpenFile& file) const;
  // Whether `file` (or its process) could hold the lock beside all others.
  bool Free(const OpenFile& file, LockKind kind, LockMode mode) const;
  bool Remove(const OpenFile& file, LockKind kind);
  void Add(const OpenFile& file, LockKind kind, LockMode mode);
  // Gives the lock to every waiter that can have it now, in order.
  void GrantWaiters();
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_DISK_LOCKS_H_
