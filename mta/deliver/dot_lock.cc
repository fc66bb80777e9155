#include "mta/deliver/dot_lock.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"

namespace stagepost {

DotLock::DotLock(Environment& env, FileSystem& files, std::string mailbox,
                 std::shared_ptr<SpareLock> spare)
    : env_(env), files_(files), path_(mailbox + ".lock"), spare_(std::move(spare)) {}

Task<absl::Status> LockPatience::Wait() {
  const absl::Duration pause = std::min(waited() < kTurns ? pause_ : kLastPause, kInAll - waited());
  pause_ = std::min(2 * pause_, kLongestPause);
  co_return co_await Sleep(pause);
}

Task<absl::Status> DotLock::Acquire() {
  LockPatience patience(env_.clock());
  while (true) {
    const absl::Status status = co_await TryOnce();
    if (ErrnoOf(status) != Errno::kEEXIST) co_return status;
    if (!patience.left()) {
      co_return absl::UnavailableError(absl::StrCat(path_, ": locked by another"));
    }
    env_.probes().Reached("mail.local: waits for a dot lock");
    CO_RETURN_IF_ERROR(co_await RemoveIfStale());
    CO_RETURN_IF_ERROR(co_await patience.Wait());
  }
}

Task<absl::Status> DotLock::TryOnce() {
  if (spare_ != nullptr && spare_->file != nullptr) {
    const absl::Status status = co_await TrySpare();
    if (status.ok() || ErrnoOf(status) == Errno::kEEXIST) co_return status;
    // It is gone, or its disk is full. Another may take its place.
    env_.probes().Reached("mail.local: a spare lock was of no use");
    spare_->file.reset();
    (void)co_await files_.Unlink(spare_->path);
  }
  co_return co_await Make();
}

Task<absl::Status> DotLock::TrySpare() {
  file_ = std::move(spare_->file);
  // First of all, it is as new as the lock that it becomes.
  absl::Status status = (co_await WriteOwner()).status();
  if (status.ok()) status = co_await files_.RenameNew(spare_->path, path_);
  if (status.ok()) {
    inode_ = spare_->inode;
  } else {
    spare_->file = std::move(file_);
  }
  co_return status;
}

Task<absl::StatusOr<size_t>> DotLock::WriteOwner() {
  const std::string pid = absl::StrCat(static_cast<int32_t>(env_.process().pid()), "\n");
  co_return co_await file_->Write(0, pid);
}

Task<absl::Status> DotLock::Make() {
  const OpenOptions options = {
      .write = true, .create = true, .exclusive = true, .no_follow = true, .mode = 0644};
  CO_ASSIGN_OR_RETURN(file_, co_await files_.Open(path_, options));
  const absl::StatusOr<FileStat> stat = co_await file_->Stat();
  if (!stat.ok()) {
    // It is ours, and would keep everybody waiting until it is stale.
    (void)co_await files_.Unlink(path_);
    co_return stat.status();
  }
  inode_ = stat->inode;
  // For people who wonder whose lock it is. Without it (full disk) the lock is as good.
  (void)co_await WriteOwner();
  if (spare_ == nullptr) file_.reset();
  co_return absl::OkStatus();
}

Task<absl::Status> DotLock::RemoveIfStale() {
  const absl::StatusOr<FileStat> stat = co_await files_.LinkStat(path_);
  if (ErrnoOf(stat.status()) == Errno::kENOENT) co_return absl::OkStatus();
  CO_RETURN_IF_ERROR(stat.status());
  // One from the future is as wrong as one from long ago: the clock was set.
  if (absl::AbsDuration(env_.clock().WallNow() - stat->modified) <= kDotLockStale) {
    co_return absl::OkStatus();
  }
  env_.probes().Reached("mail.local: dot lock was stale");
  const absl::Status removed = co_await files_.Unlink(path_);
  // Not ours to remove: wait on, its owner may still come.
  if (ErrnoOf(removed) == Errno::kENOENT || ErrnoOf(removed) == Errno::kEPERM ||
      ErrnoOf(removed) == Errno::kEACCES) {
    co_return absl::OkStatus();
  }
  co_return removed;
}

Task<absl::Status> DotLock::Release() {
  if (!inode_.has_value()) co_return absl::OkStatus();
  const uint64_t inode = *std::exchange(inode_, std::nullopt);
  CO_ASSIGN_OR_RETURN(const FileStat stat, co_await files_.LinkStat(path_));
  if (stat.inode != inode) {
    env_.probes().Reached("mail.local: dot lock was taken away");
    co_return absl::OkStatus();
  }
  if (co_await KeepAsSpare(inode)) co_return absl::OkStatus();
  co_return co_await files_.Unlink(path_);
}

Task<bool> DotLock::KeepAsSpare(uint64_t inode) {
  if (spare_ == nullptr || !spare_->possible) co_return false;
  const MonotonicTime now = env_.clock().MonotonicNow();
  const bool often = spare_->released.has_value() && now - *spare_->released < SpareLocks::kSoon;
  spare_->released = now;
  if (!often) co_return false;
  absl::Status status = co_await files_.RenameNew(path_, spare_->path);
  if (ErrnoOf(status) == Errno::kEEXIST) {
    const bool removed = co_await RemoveOldSpare();
    if (removed) status = co_await files_.RenameNew(path_, spare_->path);
  }
  spare_->possible = status.ok();
  if (!status.ok()) co_return false;
  env_.probes().Reached("mail.local: a lock was kept as a spare");
  spare_->file = std::move(file_);
  spare_->inode = inode;
  co_return true;
}

Task<bool> DotLock::RemoveOldSpare() {
  const absl::StatusOr<FileStat> stat = co_await files_.LinkStat(spare_->path);
  if (!stat.ok()) co_return false;
  if (absl::AbsDuration(env_.clock().WallNow() - stat->modified) <= kDotLockStale) co_return false;
  env_.probes().Reached("mail.local: a spare lock had been left behind");
  co_return (co_await files_.Unlink(spare_->path)).ok();
}

}  // namespace stagepost
