#include "mta/deliver/deliver.h"

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "mta/base/status_macros.h"
#include "mta/deliver/delivery_job.h"

namespace stagepost {
namespace {

void LogFailure(Environment& env, absl::string_view id, const absl::Status& status) {
  if (absl::IsCancelled(status)) return;
  env.log().Write(Severity::kCritical, absl::StrCat(id, ": SYSERR: ", status.message()));
}

// `notifications` get the ids of messages that tell of it.
Task<absl::Status> DeliverOne(Site& site, Queue& queue, std::string id, DeliveryOptions options,
                              std::vector<std::string>& notifications) {
  Environment& env = site.env();
  absl::StatusOr<std::unique_ptr<QueuedMessage>> message =
      co_await queue.Lock(id, options.selection.kind);
  if (absl::IsNotFound(message.status())) co_return absl::OkStatus();
  if (absl::IsAborted(message.status())) {
    env.probes().Reached("deliver: message locked by another");
    co_return absl::OkStatus();
  }
  absl::Status status = message.status();
  if (status.ok()) {
    status = co_await RunDeliveryJob(site, queue, **message, std::move(options), notifications);
  }
  if (!status.ok()) LogFailure(env, id, status);
  co_return status;
}

}  // namespace

Task<absl::Status> DeliverMessage(std::shared_ptr<Site> site, Queue& queue, std::string id,
                                  DeliveryOptions options) {
  std::vector<std::string> notifications;
  const absl::Status status =
      co_await DeliverOne(*site, queue, std::move(id), std::move(options), notifications);
  // Reports go out at once; those about them as well. There is no third generation.
  while (!notifications.empty()) {
    std::vector<std::string> more;
    for (std::string& notification : notifications) {
      std::vector<std::string> of_one;
      (void)co_await DeliverOne(*site, queue, std::move(notification), DeliveryOptions(), of_one);
      more.insert(more.end(), of_one.begin(), of_one.end());
    }
    notifications = std::move(more);
  }
  co_return status;
}

Task<absl::Status> RunQueue(std::shared_ptr<Site> site, Queue& queue, DeliveryOptions options) {
  options.queue_run = true;
  if (options.selection.is_narrow()) options.on_demand = true;
  const absl::Status cleaned = co_await queue.RemoveOrphans();
  if (!cleaned.ok()) LogFailure(site->env(), "NOQUEUE", cleaned);
  CO_ASSIGN_OR_RETURN(const std::vector<std::string> ids, co_await queue.List(options.selection));
  for (const std::string& id : ids) {
    // One message that cannot be worked on must not hold up the others; it has been logged.
    const absl::Status status = co_await DeliverMessage(site, queue, id, options);
    if (absl::IsCancelled(status)) co_return status;
  }
  co_return absl::OkStatus();
}

}  // namespace stagepost
