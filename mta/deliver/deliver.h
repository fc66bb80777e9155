// Delivering queued messages: one job per message, from lock to removal.
#ifndef STAGEPOST_MTA_DELIVER_DELIVER_H_
#define STAGEPOST_MTA_DELIVER_DELIVER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "mta/async/task.h"
#include "mta/queue/queue.h"
#include "mta/queue/queue_selection.h"
#include "mta/site/site.h"

namespace stagepost {

// What a delivery is told by whoever starts it.
struct DeliveryOptions {
  // Part of a run over the queue, not the first attempt behind the acceptance: messages that are
  // too young for another attempt (MinQueueAge) are passed over.
  bool queue_run = false;
  // A run that was asked for: ETRN, or -q with a selection. Mailers with flag % deliver then.
  bool on_demand = false;
  // RunQueue(): which messages. What is quarantined is tried like any other, if it is selected.
  QueueSelection selection = {};
};

// Tries to deliver message `id` to all its recipients, as the site's rules, aliases and mailers
// say: those delivered leave the envelope, those deferred stay with the reason, and an empty
// envelope is removed. Who failed for good leaves it when the sender has been told, by a message
// that is delivered likewise before this returns. OK also when some or all were deferred, when
// another holds the lock, or when the message is gone; an error is one of the queue, and has been
// logged.
Task<absl::Status> DeliverMessage(std::shared_ptr<Site> site, Queue& queue, std::string id,
                                  DeliveryOptions options);

// One pass over what is selected of the queue; a narrow selection makes it a run on demand.
Task<absl::Status> RunQueue(std::shared_ptr<Site> site, Queue& queue, DeliveryOptions options);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_DELIVER_H_
