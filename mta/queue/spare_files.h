// Files of messages that are done, kept for the next ones.
//
// To make an inode and to free it again for both files of every message is a large part of what a
// message costs: file systems look for a free inode among those that were freed lately, and flush
// more for a new file than for one that is written over. So, while clients are connected, the files
// of a message that is done are kept for the next one. Its control file gets the name
// spare.<pid>.<number>, which sendmail and listings of the queue pass over, and from there the name
// of the next message's. Its data file, which without a control file means nothing to anybody,
// keeps its name until then: a rename costs as much as ten other calls. With the last client they
// go; those that a crash has left are removed by queue runs, data files as the orphans they are.
//
// What makes that safe:
// - A file is written over only when no crash can give a message that was done the envelope or the
//   body of another: a control file when the directory has been flushed since it lost its old name,
//   a data file when the end of its control file has been.
// - It stays open and locked (exclusive flock), so that nobody else works on it or takes it for an
//   orphan, and whoever has opened it under its old name finds out, once it has the lock, that this
//   is not its name any more. It has one name only: a body that messages share is unlinked as ever.
// - Where a body may be accepted before it is flushed (SuperSafe false, or interactive), nothing is
//   kept: its file would still hold another one.
#ifndef STAGEPOST_MTA_QUEUE_SPARE_FILES_H_
#define STAGEPOST_MTA_QUEUE_SPARE_FILES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "mta/env/file_system.h"
#include "mta/queue/envelope.h"

namespace stagepost {

inline constexpr absl::string_view kSparePrefix = "spare.";
// Of each kind in each directory.
inline constexpr size_t kMaxSpareFiles = 64;
// A longer file gives its blocks back.
inline constexpr uint64_t kMaxSpareBytes = 64 * 1024;

enum class SpareKind : uint8_t { kControl, kData };

// A file under its name, open for reading and writing and locked. What it holds beyond what its new
// owner writes has to be cut off.
struct SpareFile {
  std::string name;
  std::unique_ptr<File> file;
  uint64_t size = 0;
  DataFileId id;
};

// The spare files of one process in one queue. Directories are named as in QueuePlace: "", "q1/".
class SpareFiles {
 public:
  explicit SpareFiles(Environment& env) : env_(env), pid_(env.process().pid()) {}
  SpareFiles(const SpareFiles&) = delete;
  SpareFiles& operator=(const SpareFiles&) = delete;

  // Somebody is connected who may send messages. Each call is followed by one of EndReceiving(), of
  // which the last one removes what is kept.
  void BeginReceiving() { ++receiving_; }
  Task<void> EndReceiving();

  // Keeps `file`, which `name` leads to; a control file is renamed. False: it is not wanted, and
  // still has its name. REQUIRES: `file` is open for writing and locked, and the caller owns the
  // message; if it is a data file, no crash can bring back its control file.
  Task<bool> Keep(std::string directory, SpareKind kind, std::string name,
                  std::unique_ptr<File>& file);

  // A file that may be written over, or none: the one that was kept last, so that few are in use
  // and their inodes lie close together. A data file may have lost its name, if somebody has tidied
  // up; the rename tells.
  Task<std::optional<SpareFile>> Take(std::string directory, SpareKind kind);

  // Around a flush of a directory: control files kept before `mark` was taken may be used after
  // Flushed().
  uint64_t Mark() const { return kept_; }
  void Flushed(absl::string_view directory, uint64_t mark);

 private:
  struct Kept {
    SpareFile file;
    uint64_t number = 0;
  };
  using Place = std::pair<std::string, SpareKind>;

  Environment& env_;
  const ProcessId pid_;
  size_t receiving_ = 0;
  uint64_t names_ = 0;  // given out
  uint64_t kept_ = 0;   // the number of the last one
  std::map<Place, std::vector<Kept>> spares_;
  std::map<std::string, uint64_t, std::less<>> flushed_;  // marks, by directory
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_SPARE_FILES_H_
