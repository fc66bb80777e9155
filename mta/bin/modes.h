// The modes of the sendmail program that answer and end: -bp, -bv, -bi, -q, -bs and so on.
#ifndef STAGEPOST_MTA_BIN_MODES_H_
#define STAGEPOST_MTA_BIN_MODES_H_

#include "mta/async/task.h"
#include "mta/bin/run.h"

namespace stagepost {

// Runs the mode that run.settings name, and gives the exit code. A mode that is not there says so.
// REQUIRES: neither a daemon nor -bt, and whoever asks for it may do so.
Task<int> RunMode(Run& run);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_MODES_H_
