// sendmail -bv and newaliases (-bi), as modes of the program.
#ifndef STAGEPOST_MTA_BIN_EXPAND_MODES_H_
#define STAGEPOST_MTA_BIN_EXPAND_MODES_H_

#include "mta/async/task.h"
#include "mta/bin/run.h"
#include "mta/queue/queue.h"

namespace stagepost {

// Says where run.settings.recipients would be delivered. `queue` gives the id for log lines.
Task<int> VerifyRecipients(Run& run, Queue& queue);

// Makes the databases of all alias files anew.
Task<int> MakeAliasDatabases(Run& run);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_EXPAND_MODES_H_
