// What the simulated file system must know about the process that calls it, and tells about the
// calls.
#ifndef STAGEPOST_SIM_WORLD_SIM_FILE_CALLER_H_
#define STAGEPOST_SIM_WORLD_SIM_FILE_CALLER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/async/loop.h"
#include "mta/base/errno.h"
#include "mta/env/file_system.h"
#include "mta/env/identity.h"
#include "sim/choice/choices.h"
#include "sim/world/descriptors.h"
#include "sim/world/disk.h"

namespace stagepost {

// The numbers may stand in traces; append only.
enum class FileCall : uint8_t {
  kOpen = 0,
  kRead = 1,
  kWrite = 2,
  kTruncate = 3,
  kFileStat = 4,
  kFileChangeMode = 5,
  kFileChangeOwner = 6,
  kSync = 7,
  kLock = 8,
  kUnlock = 9,
  kStat = 10,
  kLinkStat = 11,
  kMakeDirectory = 12,
  kRemoveDirectory = 13,
  kUnlink = 14,
  kRename = 15,
  kLink = 16,
  kSymlink = 17,
  kReadLink = 18,
  kChangeMode = 19,
  kChangeOwner = 20,
  kSetTimes = 21,
  kListDirectory = 22,
  kSyncDirectory = 23,
  kGetFreeSpace = 24,
  kChangeDirectory = 25,
  kOpenDirectory = 26,
  kReadDirectory = 27,
};

// As errors name it: the system call's name ("open", "rename", "fsync"); a directory sync is
// "fsync", too.
absl::string_view FileCallName(FileCall call);

// One call that took effect or failed, for the trace. Text is valid during OnFileCall() only.
struct FileCallRecord {
  FileCall call;
  absl::string_view path;
  absl::string_view second_path;  // Rename, Link: the new path; Symlink: the target
  Errno result = Errno::kOk;
  uint64_t offset = 0;      // Read, Write; Truncate: the size
  absl::string_view bytes;  // Write: what was written; Read: what was read
};

// What goes wrong with one call.
struct FileFault {
  Errno error = Errno::kOk;  // fails with it, without effect
  // Waits first; infinite: never completes. The whole process waits, since the call is made where
  // its tasks run: nothing of it goes on, and no deadline of it passes. Of a sync only the call
  // itself waits. A kill ends the wait.
  absl::Duration stall = absl::ZeroDuration();
};

// Decides about faults. Asked once per call, before it does anything, with the path made absolute.
// An error given to Sync leaves what was pending so for good (Disk::SyncFailed).
class FileFaults {
 public:
  virtual ~FileFaults() = default;
  virtual FileFault OnCall(FileCall call, absl::string_view path) = 0;
};

// Implemented by the simulated process. Outlives its FileSystem and every File of that.
class FileCaller {
 public:
  virtual ~FileCaller() = default;

  virtual Disk& disk() = 0;
  virtual Loop& loop() = 0;
  virtual Choices& choices() = 0;
  // Null when nothing can go wrong now.
  virtual FileFaults* faults() = 0;

  virtual const Identity& identity() const = 0;  // effective; the reference stays valid
  virtual FileMode umask() const = 0;
  // From Disk::OpenWorkingDirectory(), closed by the owner when it changes; null: "/".
  virtual const OpenFile* working_directory() const = 0;
  virtual uint64_t process_key() const = 0;  // unique on the disk
  virtual absl::Time wall_now() const = 0;
  // Its limits: how long it may make a file, and how many may be open; null: as many as it likes.
  virtual uint64_t max_file_bytes() const { return UINT64_MAX; }
  virtual DescriptorTable* descriptors() { return nullptr; }

  // The process is dead: calls fail at once, without effect or trace, and destructors leave the
  // disk alone. The world has called Disk::ReleaseProcess() (or Crash()) when this turns true.
  virtual bool inert() const = 0;

  virtual void OnFileCall(const FileCallRecord& record) = 0;
};

// A path as faults name it, who do not know where a program stands.
std::string AbsolutePath(FileCaller& caller, absl::string_view path);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_SIM_FILE_CALLER_H_
