// What all deliveries of one process share.
//
// Made by whoever delivers, a daemon or a program that runs over its queue, and outlives the
// deliveries. What lasts for one run over the queue only is in DeliveryOptions.
#ifndef STAGEPOST_MTA_DELIVER_DELIVERY_STATE_H_
#define STAGEPOST_MTA_DELIVER_DELIVERY_STATE_H_

#include <cstddef>

#include "absl/time/time.h"
#include "mta/async/deadline.h"
#include "mta/async/task.h"
#include "mta/deliver/connection_cache.h"
#include "mta/deliver/destinations.h"
#include "mta/deliver/host_status.h"
#include "mta/deliver/lmtp_programs.h"
#include "mta/deliver/smtp_mailer.h"
#include "mta/deliver/watched_connections.h"
#include "mta/env/environment.h"

namespace stagepost {

// Deliveries to one destination at a time.
inline constexpr size_t kMaxVisits = 20;
// Programs that are asked to leave after a stop request get so long in all.
inline constexpr absl::Duration kLeaveGrace = absl::Seconds(5);

struct DeliveryState {
  // `linger`: of LmtpPrograms.
  explicit DeliveryState(Environment& env, absl::Duration linger = absl::ZeroDuration())
      : destinations(kMaxVisits),
        hosts(env, false),
        connections(env.clock()),
        programs(env.clock(), connections, linger),
        watched(env.clock(), connections, programs) {}

  // Called when the last of the deliveries that were under way has ended and none waits. New ones
  // may begin while it runs.
  Task<void> OnIdle() {
    if (watcher == nullptr) {
      co_await QuitAll(connections.TakeAll(), watcher);
    } else if (!connections.expecting()) {
      co_await watched.LeaveAll(*watcher);
    }
  }
  // Called when nothing has come for programs.linger() since, or nothing will.
  Task<void> OnLongIdle() { co_await Shield(kLeaveGrace, LeaveAll(programs.TakeAll())); }

  Destinations destinations;
  // Outside of runs over the queue, which know more; and which hosts are held (hold).
  HostStatus hosts;
  ConnectionCache connections;
  LmtpPrograms programs;
  WatchedConnections watched;  // with a watcher only
  DeliveryWatcher* watcher = nullptr;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_DELIVERY_STATE_H_
