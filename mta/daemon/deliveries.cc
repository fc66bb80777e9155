#include "mta/daemon/deliveries.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace stagepost {

Deliveries::Deliveries(Environment& env, const CurrentSite& current, Queue& queue,
                       TaskContext& tasks, absl::Duration linger)
    : env_(env), current_(current), state_(env, linger), scheduler_(env, queue, state_, tasks) {}

Task<void> Deliveries::OnAccepted(std::unique_ptr<QueuedMessage> message, char mode) {
  if (mode == 'i') {
    // What goes wrong has been logged, and the message is in the queue.
    (void)co_await scheduler_.Deliver(current_.site, std::move(message), DeliveryOptions());
  }
  if (mode != 'b') co_return;
  const std::string id = message->envelope().id;
  const absl::Status status = scheduler_.Submit(current_.site, std::move(message));
  if (!status.ok()) {
    env_.log().Write(Severity::kNotice, absl::StrCat(id, ": queued: ", status.message()));
  }
}

Task<bool> Deliveries::StartQueueRun(QueueSelection selection) {
  DeliveryOptions options;
  options.selection = std::move(selection);
  options.on_demand = true;
  const absl::Status status = co_await scheduler_.StartQueueRun(current_.site, std::move(options));
  LogFailure(status);
  co_return status.ok();
}

Task<void> Deliveries::BeginQueueRun(DeliveryOptions options) {
  LogFailure(co_await scheduler_.StartQueueRun(current_.site, std::move(options)));
}

Task<size_t> Deliveries::FinishQueueRun(DeliveryOptions options) {
  const absl::StatusOr<size_t> messages =
      co_await scheduler_.RunQueue(current_.site, std::move(options));
  LogFailure(messages.status());
  co_return messages.value_or(0);
}

void Deliveries::LogFailure(const absl::Status& status) {
  if (status.ok() || absl::IsCancelled(status)) return;
  env_.log().Write(Severity::kCritical,
                   absl::StrCat("NOQUEUE: SYSERR: runqueue: ", status.message()));
}

}  // namespace stagepost
