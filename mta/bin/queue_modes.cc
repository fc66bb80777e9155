#include "mta/bin/queue_modes.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mta/async/scope.h"
#include "mta/base/sysexits.h"
#include "mta/deliver/delivery_scheduler.h"
#include "mta/deliver/verbose_printer.h"
#include "mta/queue/queue_selection.h"

namespace stagepost {
namespace {

SelectionTerm::Field FieldOf(char letter) {
  switch (letter) {
    case 'R':
      return SelectionTerm::Field::kRecipient;
    case 'S':
      return SelectionTerm::Field::kSender;
    case 'Q':
      return SelectionTerm::Field::kReason;
    default:
      return SelectionTerm::Field::kId;
  }
}

QueueSelection SelectionOf(const QueueRequest& request) {
  QueueSelection selection;
  if (request.quarantined) selection.kind = QueueFileKind::kQuarantined;
  if (request.lost) selection.kind = QueueFileKind::kLost;
  selection.group = request.group;
  for (const QueueLimit& limit : request.limits) {
    selection.terms.push_back(
        {.field = FieldOf(limit.field), .text = limit.text, .negated = limit.excludes});
  }
  return selection;
}

// restrictqrun: root and the owner of the queue only.
Task<bool> MayRunQueue(Run& run) {
  if (!run.options().Has(PrivacyFlag::kRestrictQrun)) co_return true;
  const UserId real = run.env.process().credentials().real_user;
  if (real == kRootUser) co_return true;
  const absl::StatusOr<FileStat> stat = co_await run.env.files().Stat(".");
  co_return stat.ok() && stat->owner == real;
}

// restrictmailq: root and the queue's group only.
Task<bool> MaySeeQueue(Run& run) {
  if (!run.options().Has(PrivacyFlag::kRestrictMailq)) co_return true;
  const Credentials& own = run.env.process().credentials();
  if (own.real_user == kRootUser) co_return true;
  const absl::StatusOr<FileStat> stat = co_await run.env.files().Stat(".");
  if (!stat.ok()) co_return false;
  co_return own.real_group == stat->group ||
      std::find(own.supplementary.begin(), own.supplementary.end(), stat->group) !=
          own.supplementary.end();
}

Task<int> Conclude(Run& run, absl::Status status) {
  if (status.ok()) co_return kExitOk;
  co_await run.reporter.SystemError(std::string(status.message()));
  co_return kExitOsError;
}

// Sets the selected messages aside, or lets them go again.
Task<absl::Status> SetQuarantine(Queue& queue, QueueSelection selection, std::string reason) {
  const QueueFileKind kind = selection.kind;
  absl::StatusOr<std::vector<std::string>> ids =
      co_await queue.List(std::move(selection), GatherFor::kListing);
  if (!ids.ok()) co_return ids.status();
  for (const std::string& id : *ids) {
    const absl::StatusOr<std::unique_ptr<QueuedMessage>> message = co_await queue.Lock(id, kind);
    if (!message.ok()) continue;  // gone, or somebody is at work on it
    absl::Status status;
    if (!reason.empty()) {
      status = co_await (*message)->Quarantine(reason);
    } else {
      status = co_await (*message)->Release();
    }
    if (!status.ok()) co_return status;
  }
  co_return absl::OkStatus();
}

// The exit code is that of the last message, as with sendmail, which runs over the queue in one
// process then.
Task<absl::StatusOr<int>> RunQueueVerbosely(Run& run, Queue& queue, DeliveryOptions options) {
  VerbosePrinter printer(run.env.process().standard_output());
  TaskScope printing(co_await CurrentContext(), "-v", TaskScope::Policy::kSupervise, 1);
  absl::Status status = printing.Spawn(&VerbosePrinter::Print, std::ref(printer));
  if (status.ok()) status = co_await RunQueueOnce(run.site, queue, std::move(options), &printer);
  printer.Finish();
  (void)co_await printing.Join();
  if (!status.ok()) co_return status;
  co_return printer.exit_code();
}

}  // namespace

Task<int> PrintQueue(Run& run, Queue& queue) {
  if (!co_await MaySeeQueue(run)) {
    co_await run.reporter.Remark("You are not permitted to see the queue\n\t\tTotal requests: 0");
    co_return kExitOk;
  }
  const absl::Status status =
      co_await queue.Print(SelectionOf(run.settings.queue), run.settings.verbose);
  // Who has read enough closes the pipe.
  co_return co_await Conclude(run, absl::IsUnavailable(status) ? absl::OkStatus() : status);
}

Task<int> WorkOnQueue(Run& run, Queue& queue) {
  if (!co_await MayRunQueue(run)) {
    co_await run.reporter.UserError("You do not have permission to process the queue");
    co_return kExitNoPermission;
  }
  const QueueRequest& request = run.settings.queue;
  QueueSelection selection = SelectionOf(request);
  if (!request.group.empty() && queue.layout().FindGroup(request.group) == nullptr) {
    co_await run.reporter.Remark(absl::StrCat("Queue group ", request.group, " unknown"));
    co_return kExitOk;
  }
  if (run.settings.quarantine.has_value()) {
    absl::Status status =
        co_await SetQuarantine(queue, std::move(selection), *run.settings.quarantine);
    co_return co_await Conclude(run, std::move(status));
  }
  DeliveryOptions options;
  options.selection = std::move(selection);
  absl::Status status;
  if (run.settings.verbose) {
    const absl::StatusOr<int> exit_code =
        co_await RunQueueVerbosely(run, queue, std::move(options));
    if (exit_code.ok() && *exit_code != kExitOk) co_return *exit_code;
    status = exit_code.status();
  } else {
    status = co_await RunQueueOnce(run.site, queue, std::move(options));
  }
  co_return co_await Conclude(run, std::move(status));
}

}  // namespace stagepost
