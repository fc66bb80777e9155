#include "mta/deliver/dot_lock.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"

namespace stagepost {

DotLock::DotLock(Environment& env, FileSystem& files, std::string mailbox)
    : env_(env), files_(files), path_(mailbox + ".lock") {}

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
  const OpenOptions options = {
      .write = true, .create = true, .exclusive = true, .no_follow = true, .mode = 0644};
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await files_.Open(path_, options));
  const absl::StatusOr<FileStat> stat = co_await file->Stat();
  if (!stat.ok()) {
    // It is ours, and would keep everybody waiting until it is stale.
    (void)co_await files_.Unlink(path_);
    co_return stat.status();
  }
  inode_ = stat->inode;
  // For people who wonder whose lock it is. Without it (full disk) the lock is as good.
  const std::string pid = absl::StrCat(static_cast<int32_t>(env_.process().pid()), "\n");
  (void)co_await file->Write(0, pid);
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
  co_return co_await files_.Unlink(path_);
}

}  // namespace stagepost
