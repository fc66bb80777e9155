// The machine's files.
//
// Calls complete inline, except Sync and SyncDirectory (sync_service.h), the tail of long
// directories (directory_reader.h), and locks that must be waited for (lock_queue.h). Identity:
// thread_identity.h. Paths go through PrivateRoot, and errors name them as the program wrote them.
//
// Opening never waits: not for the other end of a FIFO (without OpenOptions::non_blocking that
// fails with kEOPNOTSUPP), not for a device, not for somebody's lease.
#ifndef STAGEPOST_MTA_POSIX_FILE_SYSTEM_H_
#define STAGEPOST_MTA_POSIX_FILE_SYSTEM_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mta/env/file_system.h"
#include "mta/posix/file_services.h"
#include "mta/posix/sync_service.h"
#include "mta/posix/unique_fd.h"

namespace stagepost {

class PosixFileSystem final : public FileSystem {
 public:
  // `services` outlives it and its files. Without `identity`: the process's effective one, whatever
  // that is at each call.
  explicit PosixFileSystem(const FileServices& services,
                           std::shared_ptr<const Identity> identity = nullptr)
      : services_(services), identity_(std::move(identity)) {}

  std::unique_ptr<FileSystem> As(const Identity& identity) override;

  Operation<absl::StatusOr<std::unique_ptr<File>>> Open(absl::string_view path,
                                                        const OpenOptions& options) override;
  Operation<absl::StatusOr<FileStat>> Stat(absl::string_view path) override;
  Operation<absl::StatusOr<FileStat>> LinkStat(absl::string_view path) override;
  Operation<absl::Status> MakeDirectory(absl::string_view path, FileMode mode) override;
  Operation<absl::Status> RemoveDirectory(absl::string_view path) override;
  Operation<absl::Status> Unlink(absl::string_view path) override;
  Operation<absl::Status> Rename(absl::string_view from, absl::string_view to) override;
  Operation<absl::Status> RenameNew(absl::string_view from, absl::string_view to) override;
  Operation<absl::Status> Link(absl::string_view from, absl::string_view to) override;
  Operation<absl::Status> Symlink(absl::string_view target, absl::string_view path) override;
  Operation<absl::StatusOr<std::string>> ReadLink(absl::string_view path) override;
  Operation<absl::Status> ChangeMode(absl::string_view path, FileMode mode) override;
  Operation<absl::Status> ChangeOwner(absl::string_view path, std::optional<UserId> owner,
                                      std::optional<GroupId> group) override;
  Operation<absl::Status> SetTimes(absl::string_view path, absl::Time accessed,
                                   absl::Time modified) override;
  Operation<absl::StatusOr<std::unique_ptr<DirectoryReader>>> OpenDirectory(
      absl::string_view path) override;
  Operation<absl::StatusOr<std::vector<DirectoryEntry>>> ListDirectory(
      absl::string_view path) override;
  Operation<absl::Status> SyncDirectory(absl::string_view path) override;
  Operation<absl::StatusOr<FreeSpace>> GetFreeSpace(absl::string_view path) override;

 private:
  // Makes a call that gives 0 or -1 under the identity, with the machine's path for `path`.
  template <class Call>
  absl::Status Do(absl::string_view name, absl::string_view path, Call call) const;
  template <class Call>
  absl::Status DoWithTwoPaths(absl::string_view name, absl::string_view from, absl::string_view to,
                              Call call) const;
  absl::StatusOr<UniqueFd> DirectoryFd(absl::string_view name, absl::string_view path) const;

  // A directory that was synced, kept open: the queue's is synced for every message.
  struct SyncedDirectory {
    std::string path;
    SyncService::Target target;
    uint64_t working_directory_changes = 0;  // until then
  };
  static constexpr size_t kKeptDirectories = 8;
  // The directory that stands under the path now.
  absl::StatusOr<SyncService::Target> FindDirectory(absl::string_view path);

  const FileServices& services_;
  const std::shared_ptr<const Identity> identity_;
  std::vector<SyncedDirectory> synced_;  // the latest first
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_FILE_SYSTEM_H_
