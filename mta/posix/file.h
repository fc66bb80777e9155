// An open file on Linux. All but Sync() and a lock that has to be waited for completes inline.
#ifndef STAGEPOST_MTA_POSIX_FILE_H_
#define STAGEPOST_MTA_POSIX_FILE_H_

#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>

#include "mta/env/file_system.h"
#include "mta/posix/file_services.h"
#include "mta/posix/unique_fd.h"

namespace stagepost {

class PosixFile final : public File {
 public:
  // `identity` is whose calls these are, null for the process's own. `path` is for messages,
  // `status` as of the opening.
  PosixFile(const FileServices& services, std::shared_ptr<const Identity> identity, UniqueFd fd,
            std::string path, const struct stat& status);
  ~PosixFile() override;

  // Open as long as the file is.
  int descriptor() const { return fd_->get(); }

  Operation<absl::StatusOr<size_t>> Read(uint64_t offset, absl::Span<char> buffer) override;
  Operation<absl::StatusOr<size_t>> Write(uint64_t offset, absl::string_view bytes) override;
  Operation<absl::Status> Truncate(uint64_t size) override;
  Operation<absl::StatusOr<FileStat>> Stat() override;
  Operation<absl::Status> ChangeMode(FileMode mode) override;
  Operation<absl::Status> ChangeOwner(std::optional<UserId> owner,
                                      std::optional<GroupId> group) override;
  Operation<absl::Status> Sync() override;
  Operation<absl::Status> Lock(LockKind kind, LockMode mode, LockWait wait) override;
  Operation<absl::Status> Unlock(LockKind kind) override;

 private:
  std::string Name(absl::string_view call) const;
  bool HoldsSpaceOfRemovedFile() const;
  // For calls that an open file allows whoever has it.
  void ActAsOpener() const;
  // nullopt: another holds it.
  std::optional<absl::Status> TryLock(LockKind kind, LockMode mode) const;
  // The status of a call that gives 0 or -1, made under the file's identity.
  template <class Call>
  absl::Status Do(absl::string_view name, Call call) const;

  const FileServices& services_;
  const std::shared_ptr<const Identity> identity_;
  std::shared_ptr<const UniqueFd> fd_;  // shared with syncs that are under way
  const std::string path_;
  const uint64_t device_;
  const uint64_t inode_;
  uint64_t unflushed_bytes_ = 0;
  const bool directory_;
  const bool seekable_;
  const bool regular_;
};

// What stat(2) said, for the seam.
FileStat ToFileStat(const struct stat& status);

// A sync of `target` as an awaitable call; `name` is "fsync /path". When asked to stop before the
// flush has begun it withdraws; a flush that runs gives its real result.
Operation<absl::Status> SyncOperationOf(SyncService& syncs, const SyncService::Target& target,
                                        std::string name);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_FILE_H_
