// The modes of the sendmail program that look after what is known of hosts: -bh, -bH; hoststat,
// purgestat. Operations Guide, 1.3.5, 1.3.6, 2.4.
#ifndef STAGEPOST_MTA_BIN_HOST_MODES_H_
#define STAGEPOST_MTA_BIN_HOST_MODES_H_

#include "mta/async/task.h"
#include "mta/bin/run.h"

namespace stagepost {

// Says so where HostStatusDirectory cannot be used, as every mode does at its start.
Task<void> CheckHostStatusDirectory(Run& run);

// Prints what is known of all hosts; with -v more of what they have said. Gives the exit code.
Task<int> PrintHostStatus(Run& run);

// Removes what is older than Timeout.hoststatus. Directories stay: another may just need them.
Task<int> PurgeHostStatus(Run& run);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_HOST_MODES_H_
