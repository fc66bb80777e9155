#include "mta/deliver/deliver.h"

#include <iterator>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "mta/deliver/delivery_job.h"

namespace stagepost {
namespace {

void LogFailure(Environment& env, absl::string_view id, const absl::Status& status) {
  if (absl::IsCancelled(status)) return;
  env.log().Write(Severity::kCritical, absl::StrCat(id, ": SYSERR: ", status.message()));
}

Task<absl::Status> DeliverOne(Site& site, Queue& queue, DeliveryState& state, std::string id,
                              DeliveryOptions options, JobEnd& end) {
  Environment& env = site.env();
  absl::StatusOr<std::unique_ptr<QueuedMessage>> message =
      co_await queue.Lock(id, options.selection.kind);
  if (absl::IsNotFound(message.status())) co_return absl::OkStatus();
  if (absl::IsAborted(message.status())) {
    env.probes().Reached("deliver: message locked by another");
    co_return absl::OkStatus();
  }
  absl::Status status = message.status();
  if (status.ok() && state.watcher != nullptr) {
    state.watcher->OnMessage(absl::StrCat((*message)->directory(), "/", id));
  }
  if (status.ok()) {
    status = co_await RunDeliveryJob(site, queue, state, **message, std::move(options), end);
  }
  if (!status.ok()) LogFailure(env, id, status);
  co_return status;
}

}  // namespace

Task<DeliveryEnd> DeliverMessage(std::shared_ptr<Site> site, Queue& queue, DeliveryState& state,
                                 std::string id, DeliveryOptions options) {
  DeliveryEnd end;
  JobEnd job;
  DeliveryOptions of_reports;
  of_reports.hosts = options.hosts;
  end.status = co_await DeliverOne(*site, queue, state, std::move(id), std::move(options), job);
  end.parked = std::move(job.parked);
  of_reports.received_from = job.received_from;
  // Reports go out at once; those about them as well. There is no third generation.
  std::vector<std::string> notifications = std::move(job.notifications);
  while (!notifications.empty()) {
    std::vector<std::string> more;
    for (std::string& notification : notifications) {
      JobEnd report;
      (void)co_await DeliverOne(*site, queue, state, std::move(notification), of_reports, report);
      std::move(report.parked.begin(), report.parked.end(), std::back_inserter(end.parked));
      std::move(report.notifications.begin(), report.notifications.end(), std::back_inserter(more));
    }
    notifications = std::move(more);
  }
  co_return end;
}

}  // namespace stagepost
