// Errors that say nothing about what was asked for, only about the moment.
#ifndef STAGEPOST_MTA_BASE_PASSING_ERROR_H_
#define STAGEPOST_MTA_BASE_PASSING_ERROR_H_

#include "absl/status/status.h"
#include "mta/base/errno.h"

namespace stagepost {

// Whether descriptors or memory are used up, the disk is in trouble, a call was interrupted.
// Whoever learns from such an error that a file is not there, or what it says, learns what is not
// so.
inline bool IsPassingError(const absl::Status& status) {
  switch (ErrnoOf(status)) {
    case Errno::kEINTR:
    case Errno::kEIO:
    case Errno::kENOMEM:
    case Errno::kENFILE:
    case Errno::kEMFILE:
      return true;
    default:
      return false;
  }
}

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BASE_PASSING_ERROR_H_
