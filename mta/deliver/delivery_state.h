// What all deliveries of one process share.
//
// Made by whoever delivers, a daemon or a program that runs over its queue, and outlives the
// deliveries. What lasts for one run over the queue only is in DeliveryOptions.
#ifndef STAGEPOST_MTA_DELIVER_DELIVERY_STATE_H_
#define STAGEPOST_MTA_DELIVER_DELIVERY_STATE_H_

#include <cstddef>

#include "mta/async/task.h"
#include "mta/deliver/destinations.h"

namespace stagepost {

// Deliveries to one destination at a time.
inline constexpr size_t kMaxVisits = 20;

struct DeliveryState {
  DeliveryState() : destinations(kMaxVisits) {}

  // Called when the last of the deliveries that were under way has ended and none waits. New ones
  // may begin while it runs.
  Task<void> OnIdle() { co_return; }

  Destinations destinations;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_DELIVERY_STATE_H_
