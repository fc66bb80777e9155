// mailq: what waits in the queue, in sendmail's layout.
//
// For queue.cc only.
#ifndef STAGEPOST_MTA_QUEUE_MAIL_QUEUE_LISTING_H_
#define STAGEPOST_MTA_QUEUE_MAIL_QUEUE_LISTING_H_

#include "absl/status/status.h"
#include "mta/async/task.h"
#include "mta/queue/queue_directory.h"
#include "mta/queue/queue_selection.h"

namespace stagepost {

// As Queue::Print().
Task<absl::Status> PrintMailQueue(QueueState& state, QueueSelection selection, bool verbose);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_MAIL_QUEUE_LISTING_H_
