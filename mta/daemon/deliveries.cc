#include "mta/daemon/deliveries.h"

#include <functional>

#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/status_macros.h"
#include "mta/deliver/deliver.h"
#include "mta/smtp/timeouts.h"

namespace stagepost {

Deliveries::Deliveries(Environment& env, const CurrentSite& current, Queue& queue,
                       TaskContext& tasks)
    : env_(env),
      current_(current),
      queue_(queue),
      permits_(kMaxDeliveries),
      jobs_(tasks, "deliveries", TaskScope::Policy::kSupervise, kMaxWaitingDeliveries) {}

Task<void> Deliveries::OnAccepted(std::string id, char mode) {
  if (mode == 'i') (void)co_await Deliver(*this, id);
  if (mode != 'b') co_return;
  const absl::Status status = jobs_.Spawn(&Deliver, std::ref(*this), id);
  if (!status.ok()) {
    env_.log().Write(Severity::kNotice, absl::StrCat(id, ": queued: ", status.message()));
  }
}

bool Deliveries::StartQueueRun() { return jobs_.Spawn(&RunOnce, std::ref(*this)).ok(); }

Task<absl::Status> Deliveries::RunOnce(Deliveries& self) {
  co_await self.RunTheQueue();
  co_return absl::OkStatus();
}

Task<absl::Status> Deliveries::Deliver(Deliveries& self, std::string id) {
  CO_ASSIGN_OR_RETURN(const Semaphore::Permit permit, co_await self.permits_.Acquire());
  if (self.env_.probes().Buggify("daemon: a delivery starts late")) {
    CO_RETURN_IF_ERROR(co_await Sleep(absl::Seconds(90)));
  }
  // A delivery that is cut off in the middle may be made twice; it gets time to end.
  const absl::Status status = co_await Shield(
      kShutdownGrace, DeliverMessage(self.current_.site, self.queue_, id, DeliveryOptions()));
  if (!status.ok()) {
    self.env_.log().Write(Severity::kCritical, absl::StrCat(id, ": SYSERR: ", status.message()));
  }
  co_return status;
}

Task<void> Deliveries::RunTheQueue() {
  const absl::Status status =
      co_await Shield(kShutdownGrace, RunQueue(current_.site, queue_, {.queue_run = true}));
  if (!status.ok()) {
    env_.log().Write(Severity::kCritical,
                     absl::StrCat("NOQUEUE: SYSERR: runqueue: ", status.message()));
  }
}

Task<void> Deliveries::Finish() { (void)co_await jobs_.Join(); }

Task<void> Deliveries::End() {
  jobs_.RequestStop();
  (void)co_await jobs_.Join();
}

}  // namespace stagepost
