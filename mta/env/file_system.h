// Files and directories, with POSIX semantics, as awaitable calls.
//
// Every call is made under an identity: that of the FileSystem object. Environment::files() has the
// effective identity of the process; As() gives another one, for opening what belongs to a user.
// Errors carry an Errno (mta/base/errno.h) and name the call and the path.
//
// Live, cheap calls complete inline; Sync, SyncDirectory, the tail of long directories and blocking
// locks go off-thread, and syncs of many waiters share one flush. The simulator may suspend in any
// call, so nothing learnt from one call may be taken to hold at the next without a lock. Only
// synced data and synced directory entries survive a crash; anything else may vanish, tear or be
// reordered.
//
// Paths are absolute, or relative to the process's working directory. A cancelled call that was
// still waiting has had no effect, except Sync and SyncDirectory, which may have taken effect.
#ifndef STAGEPOST_MTA_ENV_FILE_SYSTEM_H_
#define STAGEPOST_MTA_ENV_FILE_SYSTEM_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mta/async/operation.h"
#include "mta/env/identity.h"

namespace stagepost {

enum class FileType : uint8_t {
  kRegular,
  kDirectory,
  kSymlink,
  kFifo,
  kSocket,
  kCharacterDevice,
  kBlockDevice,
};

// Permission bits, 07777: set-uid 04000, set-gid 02000, sticky 01000.
using FileMode = uint32_t;

struct FileStat {
  FileType type = FileType::kRegular;
  FileMode mode = 0;
  UserId owner = kRootUser;
  GroupId group = kRootGroup;
  uint64_t size = 0;  // bytes
  uint64_t inode = 0;
  uint64_t device = 0;
  uint32_t links = 1;
  absl::Time accessed;  // st_atim
  absl::Time modified;  // st_mtim
  absl::Time changed;   // st_ctim
};

// How Open() opens. Close-on-exec always; never a controlling terminal.
struct OpenOptions {
  bool read = false;
  bool write = false;
  bool create = false;     // O_CREAT
  bool exclusive = false;  // O_EXCL; with create
  bool truncate = false;   // O_TRUNC
  bool append = false;     // O_APPEND: every Write goes to the end, whatever its offset
  bool no_follow = false;  // O_NOFOLLOW: kELOOP if the last component is a symbolic link
  bool directory = false;  // O_DIRECTORY
  // O_NONBLOCK: opening a FIFO does not wait for its other end. Without it the live file system
  // refuses FIFOs, kEOPNOTSUPP. Reading and writing them never waits: kEAGAIN.
  bool non_blocking = false;
  FileMode mode = 0600;  // of a new file, less the process's umask
};

enum class LockKind : uint8_t {
  kFlock,  // flock(2), sendmail's default on Linux: by open file
  kFcntl,  // fcntl(2) F_SETLK, what mail readers use on mailboxes: by process
};
enum class LockMode : uint8_t { kShared, kExclusive };
enum class LockWait : uint8_t { kNo, kYes };

// An open file. Destroying it closes it and drops its locks as POSIX says: an fcntl lock of the
// process on this file goes with *any* close of the file by the process.
class File {
 public:
  virtual ~File() = default;

  // Reads at `offset`, at most buffer.size() bytes, possibly fewer; 0 at the end of the file.
  // `buffer` stays valid until done.
  virtual Operation<absl::StatusOr<size_t>> Read(uint64_t offset, absl::Span<char> buffer) = 0;
  // Writes at `offset` (at the end when opened with append), possibly only a part; says how much.
  // `bytes` stays valid until done.
  virtual Operation<absl::StatusOr<size_t>> Write(uint64_t offset, absl::string_view bytes) = 0;
  virtual Operation<absl::Status> Truncate(uint64_t size) = 0;
  virtual Operation<absl::StatusOr<FileStat>> Stat() = 0;
  virtual Operation<absl::Status> ChangeMode(FileMode mode) = 0;
  virtual Operation<absl::Status> ChangeOwner(std::optional<UserId> owner,
                                              std::optional<GroupId> group) = 0;
  // Data and metadata are on stable storage when this has returned OK. After an error nothing is
  // known about them, and a second Sync proves nothing.
  virtual Operation<absl::Status> Sync() = 0;
  // Locks the whole file. LockWait::kNo: kEAGAIN when another holds it. Processes that wait for
  // each other are not told so: give a wait a deadline.
  virtual Operation<absl::Status> Lock(LockKind kind, LockMode mode, LockWait wait) = 0;
  virtual Operation<absl::Status> Unlock(LockKind kind) = 0;
};

struct DirectoryEntry {
  std::string name;  // never "." or ".."
  uint64_t inode = 0;
  FileType type = FileType::kRegular;
};

// An entry in a batch of a DirectoryReader.
struct DirectoryName {
  absl::string_view name;  // never "." or ".."
  uint64_t inode = 0;
  FileType type = FileType::kRegular;
};

// An open directory, read batch by batch in memory that does not depend on its length.
class DirectoryReader {
 public:
  virtual ~DirectoryReader() = default;
  // Some more entries, at least one; none: that was all. In the directory's own order, which means
  // nothing. What is there from the opening to the end is given once; what comes, goes or is
  // renamed meanwhile may be given or not. The result is valid until the next call and the reader's
  // end. After an error or a cancelled call the reader is only good for being destroyed.
  virtual Operation<absl::StatusOr<absl::Span<const DirectoryName>>> Next() = 0;
};

struct FreeSpace {
  uint64_t block_bytes = 0;
  uint64_t free_blocks = 0;  // for ordinary users
  uint64_t free_inodes = 0;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // The same files under another identity. Needs effective uid 0, except for the identity that the
  // process has already; without it every call of the result fails with kEPERM. Outlived by this.
  virtual std::unique_ptr<FileSystem> As(const Identity& identity) = 0;

  virtual Operation<absl::StatusOr<std::unique_ptr<File>>> Open(absl::string_view path,
                                                                const OpenOptions& options) = 0;
  virtual Operation<absl::StatusOr<FileStat>> Stat(absl::string_view path) = 0;
  virtual Operation<absl::StatusOr<FileStat>> LinkStat(absl::string_view path) = 0;
  virtual Operation<absl::Status> MakeDirectory(absl::string_view path, FileMode mode) = 0;
  virtual Operation<absl::Status> RemoveDirectory(absl::string_view path) = 0;
  virtual Operation<absl::Status> Unlink(absl::string_view path) = 0;
  virtual Operation<absl::Status> Rename(absl::string_view from, absl::string_view to) = 0;
  // As Rename(), but replaces nothing: kEEXIST. kEINVAL: the file system cannot do that.
  virtual Operation<absl::Status> RenameNew(absl::string_view from, absl::string_view to) = 0;
  virtual Operation<absl::Status> Link(absl::string_view from, absl::string_view to) = 0;
  virtual Operation<absl::Status> Symlink(absl::string_view target, absl::string_view path) = 0;
  virtual Operation<absl::StatusOr<std::string>> ReadLink(absl::string_view path) = 0;
  virtual Operation<absl::Status> ChangeMode(absl::string_view path, FileMode mode) = 0;
  // Does not follow a symbolic link in the last component.
  virtual Operation<absl::Status> ChangeOwner(absl::string_view path, std::optional<UserId> owner,
                                              std::optional<GroupId> group) = 0;
  virtual Operation<absl::Status> SetTimes(absl::string_view path, absl::Time accessed,
                                           absl::Time modified) = 0;
  // Of a directory that may be very long. Errors as ListDirectory().
  virtual Operation<absl::StatusOr<std::unique_ptr<DirectoryReader>>> OpenDirectory(
      absl::string_view path) = 0;
  // All entries, in the directory's own order, which means nothing: sort before use.
  virtual Operation<absl::StatusOr<std::vector<DirectoryEntry>>> ListDirectory(
      absl::string_view path) = 0;
  // The entries of the directory are on stable storage when this has returned OK.
  virtual Operation<absl::Status> SyncDirectory(absl::string_view path) = 0;
  virtual Operation<absl::StatusOr<FreeSpace>> GetFreeSpace(absl::string_view path) = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_FILE_SYSTEM_H_
