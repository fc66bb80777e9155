// A delivery job: one message from lock to unlock. Its recipients are expanded, those whose
// messages an owner- alias sends under another name become a message of their own, and each
// envelope is delivered (envelope_delivery.h).
#ifndef STAGEPOST_MTA_DELIVER_DELIVERY_JOB_H_
#define STAGEPOST_MTA_DELIVER_DELIVERY_JOB_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "mta/async/task.h"
#include "mta/deliver/deliver.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"

namespace stagepost {

// `message` is locked. An error is one of the queue. `notifications` get the ids of the messages
// that tell of its end (bounces), new in the queue, whatever is returned; it outlives the call.
Task<absl::Status> RunDeliveryJob(Site& site, Queue& queue, QueuedMessage& message,
                                  DeliveryOptions options, std::vector<std::string>& notifications);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_DELIVERY_JOB_H_
