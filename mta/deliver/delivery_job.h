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

// What comes after a job, whatever it has returned.
struct JobEnd {
  std::vector<std::string> notifications;  // ids of messages that tell of its end, to be delivered
  std::vector<ParkedMessage> parked;
  // The message is parked as it was, envelope and files: it is the only one in `parked`.
  bool is_untouched = false;
  std::string received_from;  // as DeliveryOptions'
};

// `message` is locked. An error is one of the queue. `end` outlives the call.
Task<absl::Status> RunDeliveryJob(Site& site, Queue& queue, DeliveryState& state,
                                  QueuedMessage& message, DeliveryOptions options, JobEnd& end);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_DELIVERY_JOB_H_
