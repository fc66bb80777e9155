#include "mta/daemon/deliveries.h"

#include <algorithm>
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
  for (const std::shared_ptr<Demand>& known : waiting_demands_) {
    if (known->selection == selection) co_return co_await AnswerTo(known);
  }
  const auto demand = std::make_shared<Demand>();
  demand->selection = std::move(selection);
  waiting_demands_.push_back(demand);
  demand->started = co_await Meet(*demand);
  demand->answered.Ring();
  co_return *demand->started;
}

Task<bool> Deliveries::AnswerTo(std::shared_ptr<Demand> demand) {
  while (!demand->started.has_value()) {
    if (!(co_await demand->answered.Wait()).ok()) co_return false;
  }
  co_return *demand->started;
}

Task<bool> Deliveries::Meet(Demand& demand) {
  const absl::StatusOr<Semaphore::Permit> turn = co_await looking_.Acquire();
  // Who asks from now on may have mail in what has been looked at by then.
  waiting_demands_.erase(
      std::find_if(waiting_demands_.begin(), waiting_demands_.end(),
                   [&demand](const auto& waiting) { return waiting.get() == &demand; }));
  if (!turn.ok()) co_return false;
  DeliveryOptions options;
  options.selection = demand.selection;
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
