// sendmail -bs: a session with whoever has started the program, on standard input and output.
#ifndef STAGEPOST_MTA_BIN_SMTP_MODE_H_
#define STAGEPOST_MTA_BIN_SMTP_MODE_H_

#include "mta/async/task.h"
#include "mta/bin/run.h"
#include "mta/queue/queue.h"

namespace stagepost {

// Serves to the end of the input, and of the deliveries that it has caused. Gives the exit code.
Task<int> ServeStandardInput(Run& run, Queue& queue);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_SMTP_MODE_H_
