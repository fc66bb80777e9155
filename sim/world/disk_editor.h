// DiskEditor: how scenarios lay out a disk before anything runs, and look at it afterwards.
//
//   DiskEditor edit(disk, now);
//   edit.MakeDirectories("/var/spool/mqueue", {.mode = 0700});
//   edit.WriteFile("/etc/aliases", "root: alice\n");
//
// Acts as root, untraced. What it changes is durable at once: it stands for what has been on the
// disk for long. Paths are absolute. Errors carry an Errno and name the call and the path.
#ifndef STAGEPOST_SIM_WORLD_DISK_EDITOR_H_
#define STAGEPOST_SIM_WORLD_DISK_EDITOR_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/env/file_system.h"
#include "mta/env/identity.h"
#include "sim/world/disk.h"

namespace stagepost {

class DiskEditor {
 public:
  DiskEditor(Disk& disk, absl::Time now) : disk_(disk), now_(now) {}

  struct Ownership {
    UserId owner = kRootUser;
    GroupId group = kRootGroup;
    FileMode mode = 0755;
  };

  // Makes the directory and those above it that are missing; the latter are root's, mode 0755. One
  // that exists gets the ownership, too.
  absl::Status MakeDirectories(absl::string_view path, const Ownership& ownership);
  absl::Status MakeDirectories(absl::string_view path) {
    return MakeDirectories(path, Ownership());
  }

  // Writes the whole file, making the directories above it that are missing. An existing file keeps
  // its inode, loses its content, and gets the ownership.
  absl::Status WriteFile(absl::string_view path, absl::string_view bytes,
                         const Ownership& ownership);
  absl::Status WriteFile(absl::string_view path, absl::string_view bytes) {
    return WriteFile(path, bytes, Ownership{.mode = 0644});
  }

  absl::Status MakeSymlink(absl::string_view target, absl::string_view path);
  // Makes the directories above it that are missing. A FIFO that exists already only gets the
  // ownership.
  absl::Status MakeFifo(absl::string_view path, const Ownership& ownership);
  absl::Status MakeLink(absl::string_view from, absl::string_view to);
  absl::Status ChangeOwner(absl::string_view path, UserId owner, GroupId group);
  absl::Status ChangeMode(absl::string_view path, FileMode mode);
  absl::Status SetTimes(absl::string_view path, absl::Time accessed, absl::Time modified);
  absl::Status Rename(absl::string_view from, absl::string_view to);
  // Removes a file, or a directory with everything in it. OK if there is none.
  absl::Status RemoveAll(absl::string_view path);

  // Looking changes nothing, access times included.
  absl::StatusOr<std::string> ReadFile(absl::string_view path) const;
  absl::StatusOr<FileStat> Stat(absl::string_view path) const;      // follows symbolic links
  absl::StatusOr<FileStat> LinkStat(absl::string_view path) const;  // does not
  // Names, sorted.
  absl::StatusOr<std::vector<std::string>> ListDirectory(absl::string_view path) const;

  struct SnapshotEntry {
    std::string path;
    FileStat stat;
    std::string bytes;  // content of a file, target of a symbolic link
  };
  // Everything below `path`, and itself, sorted by path.
  absl::StatusOr<std::vector<SnapshotEntry>> Snapshot(absl::string_view path = "/") const;

 private:
  class Durably;
  DiskCaller Root() const;
  absl::Status MakeParents(absl::string_view path);
  absl::Status Own(absl::string_view path, const Ownership& ownership);

  Disk& disk_;
  absl::Time now_;
  Identity identity_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_DISK_EDITOR_H_
