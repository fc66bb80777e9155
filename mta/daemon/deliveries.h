// The deliveries of one daemon: what sessions have accepted, and runs over the queue.
#ifndef STAGEPOST_MTA_DAEMON_DELIVERIES_H_
#define STAGEPOST_MTA_DAEMON_DELIVERIES_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "mta/async/doorbell.h"
#include "mta/async/semaphore.h"
#include "mta/async/task.h"
#include "mta/deliver/delivery_scheduler.h"
#include "mta/deliver/delivery_state.h"
#include "mta/env/environment.h"
#include "mta/queue/queue.h"
#include "mta/queue/queue_selection.h"
#include "mta/site/site.h"
#include "mta/smtp/session_context.h"

namespace stagepost {

// Which configuration is used by what begins now; replaced when it is read again.
struct CurrentSite {
  std::shared_ptr<Site> site;
};

// How long a daemon keeps programs that take mail by LMTP for the next message.
inline constexpr absl::Duration kProgramLinger = absl::Seconds(2);

class Deliveries final : public AcceptedMessages {
 public:
  // Everything outlives this. Deliveries inherit from `tasks`. `linger`: of LmtpPrograms; whoever
  // ends with the last delivery has none.
  Deliveries(Environment& env, const CurrentSite& current, Queue& queue, TaskContext& tasks,
             absl::Duration linger = absl::ZeroDuration());

  Task<void> OnAccepted(std::unique_ptr<QueuedMessage> message, char mode) override;

  // Starts a run on demand over what is selected (ETRN). However many ask, the queue is looked
  // through for one of them at a time, and once for all that have come to ask for the same before
  // that begins. False: it could not be started.
  Task<bool> StartQueueRun(QueueSelection selection);

  // Begins a pass over the queue. Its errors are logged.
  Task<void> BeginQueueRun(DeliveryOptions options);
  // The same to its end; how many messages it was.
  Task<size_t> FinishQueueRun(DeliveryOptions options);

  // Waits until all have been made. This or End() is needed once.
  Task<void> Finish() { co_await scheduler_.Finish(); }
  // Asks those that run to stop, and waits for their end.
  Task<void> End() { co_await scheduler_.End(); }

 private:
  // A run on demand for which the queue is to be looked through.
  struct Demand {
    QueueSelection selection;
    std::optional<bool> started;  // once it is known
    Doorbell answered;
  };

  static Task<bool> AnswerTo(std::shared_ptr<Demand> demand);
  Task<bool> Meet(Demand& demand);
  void LogFailure(const absl::Status& status);

  Environment& env_;
  const CurrentSite& current_;
  DeliveryState state_;
  DeliveryScheduler scheduler_;
  std::vector<std::shared_ptr<Demand>> waiting_demands_;
  Semaphore looking_{1};
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_DELIVERIES_H_
