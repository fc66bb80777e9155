#include "sim/world/disk_locks.h"

#include <algorithm>
#include <memory>

#include "mta/base/check.h"
#include "sim/world/disk.h"

namespace stagepost {

bool InodeLocks::Owns(const Held& lock, const OpenFile& file) const {
  return lock.kind == LockKind::kFlock ? lock.file == &file : lock.process == file.process();
}

bool InodeLocks::Free(const OpenFile& file, LockKind kind, LockMode mode) const {
  return std::none_of(held.begin(), held.end(), [&](const Held& lock) {
    return lock.kind == kind && !Owns(lock, file) &&
           (mode == LockMode::kExclusive || lock.mode == LockMode::kExclusive);
  });
}

bool InodeLocks::Remove(const OpenFile& file, LockKind kind) {
  return std::erase_if(
             held, [&](const Held& lock) { return lock.kind == kind && Owns(lock, file); }) != 0;
}

void InodeLocks::Add(const OpenFile& file, LockKind kind, LockMode mode) {
  Remove(file, kind);
  held.push_back(Held{kind, mode, &file, file.process()});
}

void InodeLocks::GrantWaiters() {
  List<LockWaiter> asked;
  asked.TakeAll(waiters);
  while (!asked.empty()) {
    LockWaiter& waiter = asked.PopFront();
    if (Free(waiter.file(), waiter.kind(), waiter.mode())) {
      Add(waiter.file(), waiter.kind(), waiter.mode());
      waiter.OnGranted();
    } else {
      waiters.PushBack(waiter);
    }
  }
}

// --- Disk.

Errno Disk::TryLock(OpenFile& file, LockKind kind, LockMode mode) {
  Inode& inode = *file.inode_;
  if (kind == LockKind::kFcntl && !(mode == LockMode::kExclusive ? file.write_ : file.read_)) {
    return Errno::kEBADF;
  }
  if (inode.locks == nullptr) inode.locks = std::make_unique<InodeLocks>();
  InodeLocks& locks = *inode.locks;
  if (locks.Free(file, kind, mode)) {
    locks.Add(file, kind, mode);
    // A lock that has become shared lets others share it.
    if (mode == LockMode::kShared) locks.GrantWaiters();
    return Errno::kOk;
  }
  if (kind == LockKind::kFlock && locks.Remove(file, kind)) locks.GrantWaiters();
  return Errno::kEAGAIN;
}

void Disk::WaitForLock(LockWaiter& waiter) {
  InodeLocks* const locks = waiter.file().inode_->locks.get();
  CHECK(locks != nullptr);
  locks->waiters.PushBack(waiter);
}

Errno Disk::Unlock(OpenFile& file, LockKind kind) {
  Inode& inode = *file.inode_;
  if (inode.locks != nullptr && inode.locks->Remove(file, kind)) inode.locks->GrantWaiters();
  return Errno::kOk;
}

}  // namespace stagepost
