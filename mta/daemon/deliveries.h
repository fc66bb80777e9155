// The deliveries of one daemon: what sessions have accepted, and runs over the queue.
#ifndef STAGEPOST_MTA_DAEMON_DELIVERIES_H_
#define STAGEPOST_MTA_DAEMON_DELIVERIES_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "mta/async/scope.h"
#include "mta/async/semaphore.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"
#include "mta/smtp/session_context.h"

namespace stagepost {

// Delivery jobs at a time; each has a mailer program running.
inline constexpr int kMaxDeliveries = 20;
// Accepted messages whose delivery waits its turn; those beyond wait in the queue for its next run.
inline constexpr size_t kMaxWaitingDeliveries = 10'000;

// Which configuration is used by what begins now; replaced when it is read again.
struct CurrentSite {
  std::shared_ptr<Site> site;
};

class Deliveries final : public AcceptedMessages {
 public:
  // Everything outlives this. Deliveries inherit from `tasks`.
  Deliveries(Environment& env, const CurrentSite& current, Queue& queue, TaskContext& tasks);

  Task<void> OnAccepted(std::string id, char mode) override;

  // Starts a pass over the queue. False: too much is under way.
  bool StartQueueRun();

  // One pass over the queue, which gets kShutdownGrace after a stop request. Its errors are logged.
  Task<void> RunTheQueue();

  // Waits until all have been made. This or End() is needed once.
  Task<void> Finish();
  // Asks those that run to stop, and waits for their end.
  Task<void> End();

 private:
  static Task<absl::Status> Deliver(Deliveries& self, std::string id);
  static Task<absl::Status> RunOnce(Deliveries& self);

  Environment& env_;
  const CurrentSite& current_;
  Queue& queue_;
  Semaphore permits_;
  TaskScope jobs_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_DELIVERIES_H_
