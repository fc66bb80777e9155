// Disk: the file system of one simulated host, in memory, with POSIX semantics as Linux has them.
//
// Everything is synchronous and deterministic; SimFileSystem (sim_file_system.h) puts the awaitable
// seam on top of it, DiskEditor (disk_editor.h) the set-up and inspection of scenarios. Modelled
// are owners, groups, modes, set-gid and sticky directories, hard and symbolic links, Linux's
// protected links, open flags, rename, times (with relatime), free blocks and inodes, quota by
// user and by group, both kinds of locks, FIFOs and /dev/null. Not modelled: ACLs, mount points,
// sockets, sparse files (a hole costs blocks), reuse of inode numbers.
//
// The crash model. A change is durable when a sync has covered it:
//   - Sync(file): the file's bytes, attributes and times, but not the entry that leads to it;
//   - SyncDirectory: the directory's entries (disk_journal.h says what else), but not the entry
//   that
//     leads to the directory itself, nor the bytes of the files in it.
// Anything else may or may not survive Crash(): of the changes of one file any subset, in order,
// the last one torn at any byte, with zero bytes where an earlier write is missing; of entry
// operations any set that respects their dependencies. A file whose entry survived without a sync
// of the file exists, with owner and mode as created and no bytes. Kernels write back by
// themselves; here that happens only when more than a fixed number of changes is pending.
#ifndef STAGEPOST_SIM_WORLD_DISK_H_
#define STAGEPOST_SIM_WORLD_DISK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mta/base/errno.h"
#include "mta/base/intrusive_list.h"
#include "mta/env/file_system.h"
#include "mta/env/identity.h"
#include "sim/world/disk_fifo.h"
#include "sim/world/disk_inode.h"
#include "sim/world/disk_journal.h"
#include "sim/world/disk_locks.h"

namespace stagepost {

class Choices;

struct DiskOptions {
  uint64_t blocks = 1 << 20;     // of kBlockBytes: 4 GiB
  uint64_t reserved_blocks = 0;  // for root only
  uint64_t inodes = 1 << 20;
  uint64_t max_file_bytes = 1 << 30;  // kEFBIG beyond
  uint64_t device = 0x801;            // st_dev
  // /proc/sys/fs/protected_{symlinks,hardlinks,regular,fifos}; as Debian 12 sets them.
  bool protected_symlinks = true;
  bool protected_hardlinks = true;
  int protected_regular = 2;
  int protected_fifos = 1;
};

// A value, or the error that there is none.
template <class T>
struct DiskResult {
  Errno error = Errno::kOk;
  T value{};
  bool ok() const { return error == Errno::kOk; }
};

// An open file description, or the working directory of a process. Owned by the Disk until Close(),
// ReleaseProcess() or Crash().
class OpenFile : public ListNode<OpenFile> {
 public:
  uint64_t process() const { return process_; }
  bool append() const { return append_; }
  // One end of a FIFO, opened without non_blocking while nobody had the other: the open(2) is not
  // complete before somebody has. See Disk::WaitForPartner().
  bool waits_for_partner() const { return waits_for_partner_; }

 private:
  friend class Disk;
  Inode* inode_ = nullptr;
  uint64_t process_ = 0;
  bool read_ = false;
  bool write_ = false;
  bool append_ = false;
  bool waits_for_partner_ = false;
};

// How far an open directory has been read.
struct DirectoryPosition {
  bool begun = false;
  uint32_t hash = 0;  // of the name that was given last
  std::string name;
};

// What one user, or one group, may have on a disk; 0: as much as there is.
struct DiskQuota {
  uint64_t blocks = 0;  // of kBlockBytes
  uint64_t inodes = 0;
};

// Who calls, and when. References are used during the call only.
struct DiskCaller {
  const Identity& identity;
  FileMode umask;
  const OpenFile* working_directory;  // null: the root
  uint64_t process;                   // owner of fcntl locks and of what it opens
  absl::Time now;
  // The process has CAP_SYS_RESOURCE, as root's have: neither quota nor reserved blocks stop it,
  // not even while it makes a call under a user's identity.
  bool exceeds_limits = false;
  // RLIMIT_FSIZE: no file grows beyond it: kEFBIG. Root's do not, either.
  uint64_t max_file_bytes = UINT64_MAX;
};

class Disk {
 public:
  static constexpr uint64_t kBlockBytes = 4096;
  static constexpr size_t kMaxNameBytes = 255;
  static constexpr size_t kMaxPathBytes = 4095;
  static constexpr int kMaxSymlinks = 40;  // followed in one look-up
  static constexpr uint32_t kMaxLinks = 65000;
  static constexpr size_t kMaxPendingChanges = 256;  // of one file

  // "/", "/dev" and "/dev/null".
  explicit Disk(absl::Time now, const DiskOptions& options = {});
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk();

  // --- Open files. The OpenFile must be open; errors are those of the system call.

  DiskResult<OpenFile*> Open(const DiskCaller& caller, absl::string_view path,
                             const OpenOptions& options);
  // For chdir(2): needs search permission, not read.
  DiskResult<OpenFile*> OpenWorkingDirectory(const DiskCaller& caller, absl::string_view path);
  // Drops the file's flock, and every fcntl lock of its process on this inode.
  void Close(OpenFile& file);
  DiskResult<size_t> Read(OpenFile& file, uint64_t offset, absl::Span<char> buffer, absl::Time now);
  // Whether a write of so many bytes is done as a whole or not at all: a small one to a FIFO is.
  static bool IsAtomicWrite(const OpenFile& file, size_t bytes);
  // Writes less than asked when space or quota runs out.
  DiskResult<size_t> Write(const DiskCaller& caller, OpenFile& file, uint64_t offset,
                           absl::string_view bytes);
  Errno Truncate(const DiskCaller& caller, OpenFile& file, uint64_t size);
  // At most `limit` entries behind `position`, which then is behind them; none: that was all.
  // In the order of ListDirectory(), so that what comes and goes meanwhile is seen if it is ahead.
  // REQUIRES: `directory` is one.
  std::vector<DirectoryEntry> ReadDirectory(const OpenFile& directory, size_t limit,
                                            DirectoryPosition& position) const;
  FileStat Stat(const OpenFile& file) const { return StatOf(*file.inode_); }
  Errno ChangeMode(const DiskCaller& caller, OpenFile& file, FileMode mode);
  Errno ChangeOwner(const DiskCaller& caller, OpenFile& file, std::optional<UserId> owner,
                    std::optional<GroupId> group);
  Errno Sync(OpenFile& file);
  // A sync that failed: what is pending stays so, whatever later syncs of the file say, until all
  // of it has been cut off. Kernels forget that the pages were dirty.
  void SyncFailed(OpenFile& file);

  // Waits for the other end of a FIFO. REQUIRES: waiter.end->waits_for_partner().
  void WaitForPartner(FifoWaiter& waiter);

  // kEAGAIN if somebody else holds it. Changing a flock's mode drops the old one first, as on
  // Linux.
  Errno TryLock(OpenFile& file, LockKind kind, LockMode mode);
  // After kEAGAIN. Processes that wait for each other's locks are not told so (kEDEADLK of
  // fcntl(2)): the live file system tries again and again instead of asking the kernel to wait.
  void WaitForLock(LockWaiter& waiter);
  Errno Unlock(OpenFile& file, LockKind kind);

  // --- Paths.

  DiskResult<FileStat> Stat(const DiskCaller& caller, absl::string_view path);
  DiskResult<FileStat> LinkStat(const DiskCaller& caller, absl::string_view path);
  // The stat of a regular file that `caller` may execute; kEACCES if not.
  DiskResult<FileStat> MayExecute(const DiskCaller& caller, absl::string_view path);
  Errno MakeDirectory(const DiskCaller& caller, absl::string_view path, FileMode mode);
  Errno RemoveDirectory(const DiskCaller& caller, absl::string_view path);
  Errno Unlink(const DiskCaller& caller, absl::string_view path);
  Errno Rename(const DiskCaller& caller, absl::string_view from, absl::string_view to) {
    return RenameEntry(caller, from, to, true);
  }
  // RENAME_NOREPLACE of renameat2(2).
  Errno RenameNew(const DiskCaller& caller, absl::string_view from, absl::string_view to) {
    return RenameEntry(caller, from, to, false);
  }
  Errno Link(const DiskCaller& caller, absl::string_view from, absl::string_view to);
  Errno Symlink(const DiskCaller& caller, absl::string_view target, absl::string_view path);
  DiskResult<std::string> ReadLink(const DiskCaller& caller, absl::string_view path);
  Errno ChangeMode(const DiskCaller& caller, absl::string_view path, FileMode mode);
  // Does not follow a symbolic link in the last component.
  Errno ChangeOwner(const DiskCaller& caller, absl::string_view path, std::optional<UserId> owner,
                    std::optional<GroupId> group);
  Errno SetTimes(const DiskCaller& caller, absl::string_view path, absl::Time accessed,
                 absl::Time modified);
  // In the order of a hash of the names.
  DiskResult<std::vector<DirectoryEntry>> ListDirectory(const DiskCaller& caller,
                                                        absl::string_view path);
  Errno SyncDirectory(const DiskCaller& caller, absl::string_view path);
  DiskResult<FreeSpace> GetFreeSpace(const DiskCaller& caller, absl::string_view path);
  // A character device that swallows writes and reads as empty, like /dev/null. Root only.
  Errno MakeNullDevice(const DiskCaller& caller, absl::string_view path, FileMode mode);
  // mkfifo(3).
  Errno MakeFifo(const DiskCaller& caller, absl::string_view path, FileMode mode);
  // getcwd(2): the path of an open directory; kENOENT once it is removed.
  DiskResult<std::string> PathOf(const OpenFile& directory) const;

  // --- The world.

  // A process is dead: closes what it had open, drops its locks, forgets that it waits.
  void ReleaseProcess(uint64_t process);
  // Power fails and comes back: what was not durable survives or not, as `choices` draws (0 is
  // always the mildest), and what is left is durable. Open files and locks are gone.
  void Crash(Choices& choices);
  // Everything becomes durable.
  void SyncAll();
  // While full, nothing can be made and no file can grow: kENOSPC, for root, too.
  void SetFull(bool full) { full_ = full; }
  // As writing to /proc/sys/fs/protected_*; see DiskOptions.
  void SetProtections(bool symlinks, bool hardlinks, int regular, int fifos) {
    options_.protected_symlinks = symlinks;
    options_.protected_hardlinks = hardlinks;
    options_.protected_regular = regular;
    options_.protected_fifos = fifos;
  }
  // From now on what `user` owns, or what belongs to `group`, may not grow beyond `quota`: kEDQUOT.
  // What there is already stays. Processes with root's privileges may exceed it.
  void SetQuota(UserId user, const DiskQuota& quota);
  void SetQuota(GroupId group, const DiskQuota& quota);
  // While set, every change is durable at once, as are the changes it needs and, when a file's
  // content is written, whatever was pending of that file. For DiskEditor.
  void SetDurable(bool durable) { durable_ = durable; }
  // From now on SyncDirectory of this directory succeeds without effect: the planted defect that a
  // campaign must find. `directory` stays where it is.
  void LeaveOutSyncsOf(const Inode& directory) { unsynced_ = &directory; }

  // --- For inspection.

  DiskResult<const Inode*> Find(const DiskCaller& caller, absl::string_view path,
                                bool follow) const;
  FileStat StatOf(const Inode& inode) const;
  const EntryJournal& journal() const { return journal_; }
  size_t open_files() const { return open_count_; }
  uint64_t inode_count() const { return inode_count_; }

 private:
  // Whether the last component is followed when it is a symbolic link.
  enum class Last : uint8_t {
    kFollow,
    kCreate,    // followed, but there must be no slash after it, or after the last of a link's text
    kNoFollow,  // only when a slash comes after it
    kEntry,     // never: the call is about the entry itself
  };
  struct Walked {
    Errno error = Errno::kOk;
    Inode* parent = nullptr;      // the directory of the last component
    absl::string_view name = {};  // the last component
    Inode* inode = nullptr;       // what it leads to; null if there is no such entry
    bool dots = false;            // the last component is ".", ".." or the root
    bool trailing_slash = false;
    bool too_long =
        false;  // the last component is; only with Last::kEntry, where Linux looks later
  };
  Walked Walk(const DiskCaller& caller, absl::string_view path, Last last) const;
  Walked WalkFrom(const DiskCaller& caller, Inode* start, absl::string_view path, Last last,
                  bool trailing, int& symlinks) const;
  Walked FollowLast(const DiskCaller& caller, const Walked& at, Last last, bool trailing,
                    int& symlinks) const;
  // As Walk(), and the thing must exist.
  Walked Existing(const DiskCaller& caller, absl::string_view path, Last last) const;
  // A place for a new entry: checks all that does not depend on what it will be.
  Walked NewEntry(const DiskCaller& caller, absl::string_view path, bool directory) const;

  Errno MayAddEntry(const DiskCaller& caller, const Inode& directory) const;
  Errno MayRemoveEntry(const DiskCaller& caller, const Inode& directory, const Inode& victim,
                       bool expect_directory) const;
  Errno MayOpen(const DiskCaller& caller, const Walked& at, const OpenOptions& options) const;
  Errno MayRename(const DiskCaller& caller, const Walked& from, const Walked& to) const;
  Errno RenameEntry(const DiskCaller& caller, absl::string_view from, absl::string_view to,
                    bool may_replace);

  DiskResult<Inode*> Create(const DiskCaller& caller, const Walked& at, FileType type,
                            FileMode mode);
  // For ListDirectory() and ReadDirectory().
  static std::vector<DirectoryEntry> EntriesBehind(const Inode& directory, size_t limit,
                                                   DirectoryPosition& position);
  OpenFile* NewOpenFile(Inode& inode, const DiskCaller& caller, const OpenOptions& options);
  DiskResult<OpenFile*> OpenFifo(const DiskCaller& caller, Inode& inode,
                                 const OpenOptions& options);
  static void CloseFifo(OpenFile& file);
  static DiskResult<size_t> ReadFifo(Inode& inode, absl::Span<char> buffer, absl::Time now);
  static DiskResult<size_t> WriteFifo(Inode& inode, absl::string_view bytes, absl::Time now);

  // What a user with a quota owns, or belongs to such a group.
  struct Usage {
    DiskQuota quota;
    uint64_t blocks = 0;
    uint64_t inodes = 0;
  };
  bool has_quota() const { return !user_usage_.empty() || !group_usage_.empty(); }
  // Calls f(usage) for the usage of `user` and that of `group`, if they have quotas.
  template <class F>
  void ForUsage(UserId user, GroupId group, F f) {
    if (const auto of = user_usage_.find(user); of != user_usage_.end()) f(of->second);
    if (const auto of = group_usage_.find(group); of != group_usage_.end()) f(of->second);
  }
  static uint64_t BlocksFor(FileType type, uint64_t bytes);
  Errno Charge(const DiskCaller& caller, Inode& inode, uint64_t bytes);
  // Blocks the inode's size may still grow by.
  uint64_t Room(const DiskCaller& caller, const Inode& inode) const;
  uint64_t AvailableBlocks(bool privileged) const;
  static bool Privileged(const DiskCaller& caller);
  // Whether quota lets `user` own, or `group` have, so much more; nullopt: they do not come into
  // it.
  bool WithinQuota(const DiskCaller& caller, std::optional<UserId> user,
                   std::optional<GroupId> group, uint64_t blocks, uint64_t inodes) const;
  void SetBlocks(Inode& inode, uint64_t blocks);
  // The inode begins or ceases to count, under its owner and group of now.
  void Count(const Inode& inode);
  void Discount(const Inode& inode);
  void DropPrivilegeBits(const DiskCaller& caller, Inode& inode);

  void RecordEntries(EntryOperation operation);
  void Retire(const std::vector<EntryOperation>& operations);
  PendingChange& RecordChange(Inode& inode, PendingChange::Kind kind);
  void SetSize(Inode& inode, uint64_t size, absl::Time now);
  Errno SetMode(const DiskCaller& caller, Inode& inode, FileMode mode);
  Errno SetOwner(const DiskCaller& caller, Inode& inode, std::optional<UserId> owner,
                 std::optional<GroupId> group);
  void SetAttributes(Inode& inode, const InodeAttributes& attributes, absl::Time now);
  void SetParent(Inode& directory, Inode* parent);
  void DropLink(Inode& inode, absl::Time now);
  void FreeIfUnused(Inode& inode);
  void SyncDirectoryInode(Inode& directory);
  void Reattach();

  DiskOptions options_;
  List<Inode> inodes_;  // all, by number; freed by FreeIfUnused() and the destructor
  List<OpenFile> open_files_;
  EntryJournal journal_;
  PendingChange not_pending_;  // what RecordChange() gives while durable_
  bool durable_ = false;
  Inode* root_ = nullptr;
  uint64_t next_inode_number_ = 2;
  std::map<UserId, Usage> user_usage_;  // of those with a quota
  std::map<GroupId, Usage> group_usage_;
  uint64_t used_blocks_ = 0;
  uint64_t inode_count_ = 0;
  size_t open_count_ = 0;
  bool full_ = false;
  const Inode* unsynced_ = nullptr;  // see LeaveOutSyncsOf()
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_DISK_H_
