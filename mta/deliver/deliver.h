// Delivering queued messages: one job per message, from lock to removal.
#ifndef STAGEPOST_MTA_DELIVER_DELIVER_H_
#define STAGEPOST_MTA_DELIVER_DELIVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "mta/async/task.h"
#include "mta/deliver/delivery_state.h"
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
  // Of a message that was parked: only recipients of these destinations; the others have been
  // served in this pass. Empty: all.
  std::vector<std::string> destinations = {};
  // Whom the message was received from, for reports about a report: "host.outside.example"; empty:
  // what is known of the message itself.
  std::string received_from = "";
  // Hosts that were down in this run over the queue; null: it is none.
  std::shared_ptr<HostStatus> hosts = nullptr;
};

// A message that waits for a destination that is busy (destinations.h): what could be done for it
// has been done, and the rest is as it was.
struct ParkedMessage {
  std::string id;
  std::vector<std::string> destinations;  // those that were full
  // Still locked, if nothing of it has changed; null: its lock has been let go.
  std::unique_ptr<QueuedMessage> message = nullptr;
};

struct DeliveryEnd {
  // OK also when some or all recipients were deferred, when another holds the lock, or when the
  // message is gone; an error is one of the queue, and has been logged.
  absl::Status status;
  // The message itself, parts of it that have got ids of their own, reports: to be tried again
  // when there is room.
  std::vector<ParkedMessage> parked;
};

// Tries to deliver message `id` to all its recipients, as the site's rules, aliases and mailers
// say: those delivered leave the envelope, those deferred stay with the reason, and an empty
// envelope is removed. Who failed for good leaves it when the sender has been told, by a message
// that is delivered likewise before this returns. `message` is the message itself, locked, if the
// caller has it; null: it is locked here. For DeliveryScheduler (delivery_scheduler.h), through
// which everybody else delivers.
Task<DeliveryEnd> DeliverMessage(std::shared_ptr<Site> site, Queue& queue, DeliveryState& state,
                                 std::string id, DeliveryOptions options,
                                 std::unique_ptr<QueuedMessage> message = nullptr);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_DELIVER_H_
