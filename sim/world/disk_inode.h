// What a simulated disk is made of: inodes, directory entries, and changes that no sync has
// covered.
//
// These are the parts of Disk (disk.h), which owns every Inode. An inode lives while a directory
// entry or an open file leads to it, or while an unsynced entry operation could still bring it
// back.
#ifndef STAGEPOST_SIM_WORLD_DISK_INODE_H_
#define STAGEPOST_SIM_WORLD_DISK_INODE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "mta/base/intrusive_list.h"
#include "mta/env/file_system.h"
#include "mta/env/identity.h"
#include "sim/world/disk_directory.h"

namespace stagepost {

struct Fifo;
struct InodeLocks;

// What chmod and chown change.
struct InodeAttributes {
  FileMode mode = 0;
  UserId owner = kRootUser;
  GroupId group = kRootGroup;
};

struct InodeTimes {
  absl::Time accessed;
  absl::Time modified;
  absl::Time changed;
};

// One change of an inode since its last sync, with what is needed to take it back. The newest
// change is the last of Inode::pending; taking all of them back, newest first, gives the durable
// state.
struct PendingChange {
  enum class Kind : uint8_t { kWrite, kTruncate, kAttributes };
  Kind kind = Kind::kWrite;
  uint64_t offset = 0;             // kWrite: of its first byte; kTruncate: the new size
  uint64_t length = 0;             // kWrite: bytes
  uint64_t old_size = 0;           // kWrite, kTruncate
  std::string old_bytes;           // kWrite: what it overwrote; kTruncate: what it cut off
  InodeAttributes old_attributes;  // kAttributes
};

struct Inode : ListNode<Inode> {
  uint64_t number = 0;
  FileType type = FileType::kRegular;
  InodeAttributes attributes;
  InodeTimes times;
  uint32_t links = 0;  // st_nlink; of a directory: 2 and one for each subdirectory, 0 once removed
  uint32_t opens = 0;  // open files, working directories
  uint32_t pins = 0;   // mentions in unsynced entry operations, and as parent of a directory

  std::string bytes;         // content of a file, target of a symbolic link
  DirectoryEntries entries;  // of a directory
  Inode* parent = nullptr;   // of a directory; pinned
  uint64_t blocks = 0;       // of the disk's space, as charged while `alive`
  bool alive = true;         // has links or opens; if not, only a crash can bring it back

  std::vector<PendingChange> pending;  // oldest first
  InodeTimes synced_times;             // meaningful while `pending` is not empty
  bool sync_failed = false;            // a sync of `pending` failed; see Disk::SyncFailed

  std::unique_ptr<InodeLocks> locks;  // null while there are none
  std::unique_ptr<Fifo> fifo;         // of a FIFO, once it has been opened

  bool is_directory() const { return type == FileType::kDirectory; }
  bool is_symlink() const { return type == FileType::kSymlink; }
  bool is_regular() const { return type == FileType::kRegular; }
  bool is_fifo() const { return type == FileType::kFifo; }

  Inode();
  ~Inode();
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_DISK_INODE_H_
