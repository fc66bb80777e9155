// The files of a simulated host as one of its processes sees them: the awaitable seam over a Disk.
//
// Every call draws whether it completes inline (usual) or after a while (microseconds to a few
// milliseconds; syncs always take time), and then happens on the disk atomically: there the
// processes of a host interleave. A read, a write or a batch of a directory is short now and then.
// One choice per call is drawn, and 0 means that nothing unusual happens. A cancelled call has had
// no effect; a cancelled sync may have had.
#ifndef STAGEPOST_SIM_WORLD_SIM_FILE_SYSTEM_H_
#define STAGEPOST_SIM_WORLD_SIM_FILE_SYSTEM_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/async/operation.h"
#include "mta/env/file_system.h"
#include "mta/env/identity.h"
#include "sim/world/disk.h"
#include "sim/world/sim_file_caller.h"

namespace stagepost {

struct SimFileContext;

class SimFileSystem final : public FileSystem {
 public:
  // `caller` outlives this and every File opened here.
  explicit SimFileSystem(FileCaller& caller);
  ~SimFileSystem() override;

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

  // For Process::ChangeDirectory: the caller keeps the result as its working directory and closes
  // the one before.
  Operation<absl::StatusOr<OpenFile*>> OpenWorkingDirectory(absl::string_view path);

 private:
  explicit SimFileSystem(std::unique_ptr<SimFileContext> context);

  const std::unique_ptr<SimFileContext> context_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_SIM_FILE_SYSTEM_H_
