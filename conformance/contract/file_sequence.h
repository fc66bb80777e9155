// Random calls on a file system, for comparing two of them.
//
// A sequence is what a seed draws, after some tree to begin with; a FileSide does the calls, one
// after the other, on a file system that is empty at first, and says what came of each. Two sides
// that are alike say the same.
#ifndef STAGEPOST_CONFORMANCE_CONTRACT_FILE_SEQUENCE_H_
#define STAGEPOST_CONFORMANCE_CONTRACT_FILE_SEQUENCE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mta/env/file_system.h"
#include "mta/env/identity.h"

namespace stagepost::file_sequence {

inline constexpr int kHandles = 4;  // open files at a time

enum class Call {
  kOpen,
  kClose,
  kRead,
  kWrite,
  kFtruncate,
  kFstat,
  kFchmod,
  kFchown,
  kFlock,
  kFcntlLock,
  kSync,
  kStat,
  kLstat,
  kMkdir,
  kRmdir,
  kUnlink,
  kRename,
  kRenameNew,
  kLink,
  kSymlink,
  kReadlink,
  kChmod,
  kLchown,
  kUtime,
  kList,
  kMkfifo,
  kSyncDirectory,
  kFreeSpace,
  kChdir,
  kCount,
};

// One call, by the identity numbered `who`. Which of the arguments matter depends on the call.
struct Step {
  Call call = Call::kOpen;
  int who = 0;
  FileMode umask = 022;
  int handle = 0;
  std::string path, path2;
  OpenOptions open;
  FileMode mode = 0;
  std::optional<UserId> owner;
  std::optional<GroupId> group;
  uint64_t number = 0;
  LockMode lock = LockMode::kShared;
};

// Root, and users of overlapping groups.
std::vector<Identity> Identities();

// Something to begin with, as root.
std::vector<Step> SomeTree();

// SomeTree(), and then the steps that `seed` draws.
std::vector<Step> Sequence(uint64_t seed);

std::string Describe(const Step& step);

// What came of a step: an errno and, without one, a text that both sides must agree on.
struct Outcome {
  int error = 0;
  std::string text;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// The text of a stat. Neither times nor the sizes of directories are compared. Link counts of
// directories are: ext4 and tmpfs count subdirectories, as Disk does.
std::string StatText(const FileStat& stat);
// Of a listing: sorted names with their types.
std::string ListText(const std::vector<DirectoryEntry>& entries);
// What a step writes.
std::string BytesOf(const Step& step);

class FileSide {
 public:
  virtual ~FileSide() = default;
  virtual Outcome Do(const Step& step) = 0;
};

// /proc/sys/fs/protected_* of this machine.
struct Protections {
  int symlinks = 0, hardlinks = 0, regular = 0, fifos = 0;
  static Protections OfThisMachine();
};

// A Disk, called directly.
std::unique_ptr<FileSide> MakeDiskSide(const Protections& protections);
// Linux, by system calls, in this process's root directory. Leaves an empty one.
// REQUIRES: root, and a directory made for it by chroot(2).
std::unique_ptr<FileSide> MakeLinuxSide();

// Both through FileSystem: all steps at once. Working directories are left out.
std::vector<Outcome> DoInSimulator(const std::vector<Step>& steps, const Protections& protections);
// REQUIRES: as MakeLinuxSide().
std::vector<Outcome> DoOnLinux(const std::vector<Step>& steps);

// Every path there is, as `side` lists them for root.
std::vector<std::string> TreeOf(FileSide& side);

}  // namespace stagepost::file_sequence

#endif  // STAGEPOST_CONFORMANCE_CONTRACT_FILE_SEQUENCE_H_
