// The process's working directory, as far as anybody has to know: whether it is still the same.
#ifndef STAGEPOST_MTA_POSIX_WORKING_DIRECTORY_H_
#define STAGEPOST_MTA_POSIX_WORKING_DIRECTORY_H_

#include <cstdint>

namespace stagepost {

// Owned by the Environment; only PosixProcess changes the directory, and this.
struct WorkingDirectory {
  uint64_t changes = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_WORKING_DIRECTORY_H_
