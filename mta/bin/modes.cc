#include "mta/bin/modes.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "mta/base/sysexits.h"
#include "mta/daemon/daemon.h"
#include "mta/deliver/deliver.h"

namespace stagepost {
namespace {

Task<int> NotImplemented(Run& run, std::string what) {
  co_await run.reporter.UserError(
      absl::StrCat(what, " is not implemented in this version of Stagepost"));
  co_return kExitUnavailable;
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

Task<int> RunQueueOnce(Run& run, Queue& queue) {
  if (!co_await MayRunQueue(run)) {
    co_await run.reporter.UserError("You do not have permission to process the queue");
    co_return kExitNoPermission;
  }
  if (run.settings.queue.is_subset() || !run.settings.queue.group.empty()) {
    co_return co_await NotImplemented(run, "-q with a part of the queue");
  }
  const absl::Status status = co_await RunQueue(run.site, queue, {.queue_run = true});
  if (status.ok()) co_return kExitOk;
  co_await run.reporter.SystemError(std::string(status.message()));
  co_return kExitOsError;
}

Task<int> PrintTheQueue(Run& run, Queue&) {
  if (!co_await MaySeeQueue(run)) {
    co_await run.reporter.Remark("You are not permitted to see the queue\n\t\tTotal requests: 0");
    co_return kExitOk;
  }
  co_return co_await NotImplemented(run, "-bp");
}

// -bh, -bH: there is no status of hosts without a directory for it.
Task<int> HostStatus(Run& run) {
  if (run.options().Text(OptionId::kHostStatusDirectory).empty()) co_return kExitOk;
  co_return co_await NotImplemented(run, "HostStatusDirectory");
}

Task<int> VerifyRecipients(Run& run) {
  if (run.settings.recipients.empty()) {
    co_await run.reporter.UserError("Recipient names must be specified");
    co_return kExitUsage;
  }
  co_return co_await NotImplemented(run, "-bv");
}

}  // namespace

Task<int> RunMode(Run& run) {
  if (!run.settings.traffic_log.empty()) co_return co_await NotImplemented(run, "-X");
  if (!co_await DropPrivileges(run)) co_return kExitOsError;
  if (run.settings.mode == Mode::kVerify &&
      run.env.process().credentials().effective_user != kRootUser) {
    co_await run.reporter.Remark("Notice: -bv may give misleading output for non-privileged user");
  }
  const std::unique_ptr<Queue> queue = co_await OpenQueueOf(run);
  if (queue == nullptr) co_return kExitConfiguration;
  switch (run.settings.mode) {
    case Mode::kPrintQueue:
      co_return co_await PrintTheQueue(run, *queue);
    case Mode::kPrintQueueCounts:
      co_await run.reporter.Remark("Data unavailable: shared memory not updated");
      co_return kExitOk;
    case Mode::kCheckConfiguration:
      co_return kExitOk;
    case Mode::kHostStatus:
    case Mode::kPurgeHostStatus:
      co_return co_await HostStatus(run);
    case Mode::kVerify:
      co_return co_await VerifyRecipients(run);
    case Mode::kDeliver:
      if (run.settings.queue.given) co_return co_await RunQueueOnce(run, *queue);
      co_return co_await NotImplemented(run, "Submission of mail on the command line");
    default: {
      const char letter = static_cast<char>(run.settings.mode);
      co_return co_await NotImplemented(run, absl::StrCat("-b", absl::string_view(&letter, 1)));
    }
  }
}

}  // namespace stagepost
