// Whether a file that was read is still the same: for whoever keeps what a file said.
#ifndef STAGEPOST_MTA_ENV_SAME_FILE_H_
#define STAGEPOST_MTA_ENV_SAME_FILE_H_

#include "mta/env/file_system.h"

namespace stagepost {

// Whether two answers of Stat() are of the same, unchanged file.
inline bool SameFile(const FileStat& a, const FileStat& b) {
  return a.device == b.device && a.inode == b.inode && a.size == b.size &&
         a.modified == b.modified && a.changed == b.changed;
}

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_SAME_FILE_H_
