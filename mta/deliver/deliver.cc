#include "mta/deliver/deliver.h"

#include <iterator>
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

// The message stays null if it is gone or another holds its lock.
Task<absl::Status> LockMessage(Environment& env, Queue& queue, const std::string& id,
                               QueueFileKind kind, std::unique_ptr<QueuedMessage>& message) {
  absl::StatusOr<std::unique_ptr<QueuedMessage>> locked = co_await queue.Lock(id, kind);
  if (absl::IsNotFound(locked.status())) co_return absl::OkStatus();
  if (absl::IsAborted(locked.status())) {
    env.probes().Reached("deliver: message locked by another");
    co_return absl::OkStatus();
  }
  CO_RETURN_IF_ERROR(locked.status());
  message = *std::move(locked);
  co_return absl::OkStatus();
}

Task<absl::Status> DeliverOne(Site& site, Queue& queue, DeliveryState& state, std::string id,
                              std::unique_ptr<QueuedMessage> message, DeliveryOptions options,
                              JobEnd& end) {
  Environment& env = site.env();
  absl::Status status;
  if (message == nullptr) {
    status = co_await LockMessage(env, queue, id, options.selection.kind, message);
    if (status.ok() && message == nullptr) co_return absl::OkStatus();
  }
  if (status.ok() && state.watcher != nullptr) {
    state.watcher->OnMessage(absl::StrCat(message->directory(), "/", id));
  }
  if (status.ok()) {
    status = co_await RunDeliveryJob(site, queue, state, *message, std::move(options), end);
  }
  if (!status.ok()) LogFailure(env, id, status);
  if (status.ok() && end.is_untouched) end.parked.front().message = std::move(message);
  co_return status;
}

}  // namespace

Task<DeliveryEnd> DeliverMessage(std::shared_ptr<Site> site, Queue& queue, DeliveryState& state,
                                 std::string id, DeliveryOptions options,
                                 std::unique_ptr<QueuedMessage> message) {
  DeliveryEnd end;
  JobEnd job;
  DeliveryOptions of_reports;
  of_reports.hosts = options.hosts;
  end.status = co_await DeliverOne(*site, queue, state, std::move(id), std::move(message),
                                   std::move(options), job);
  end.parked = std::move(job.parked);
  of_reports.received_from = job.received_from;
  // Reports go out at once; those about them as well. There is no third generation.
  std::vector<std::string> notifications = std::move(job.notifications);
  while (!notifications.empty()) {
    std::vector<std::string> more;
    for (std::string& notification : notifications) {
      JobEnd report;
      (void)co_await DeliverOne(*site, queue, state, std::move(notification), nullptr, of_reports,
                                report);
      std::move(report.parked.begin(), report.parked.end(), std::back_inserter(end.parked));
      std::move(report.notifications.begin(), report.notifications.end(), std::back_inserter(more));
    }
    notifications = std::move(more);
  }
  co_return end;
}

}  // namespace stagepost
