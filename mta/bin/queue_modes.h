// The modes of the sendmail program that look at the queue or work on it: -bp, -q, -Q.
#ifndef STAGEPOST_MTA_BIN_QUEUE_MODES_H_
#define STAGEPOST_MTA_BIN_QUEUE_MODES_H_

#include "mta/async/task.h"
#include "mta/bin/run.h"
#include "mta/queue/queue.h"

namespace stagepost {

// -bp, mailq. Gives the exit code, as do the others.
Task<int> PrintQueue(Run& run, Queue& queue);

// -q without an interval: one run over what is selected; with -Q it is quarantined instead, or
// released where no reason is given.
Task<int> WorkOnQueue(Run& run, Queue& queue);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_QUEUE_MODES_H_
