#include "mta/bin/modes.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/sysexits.h"
#include "mta/bin/expand_modes.h"
#include "mta/bin/host_modes.h"
#include "mta/bin/queue_modes.h"
#include "mta/bin/smtp_mode.h"

namespace stagepost {
namespace {

Task<int> NotImplemented(Run& run, std::string what) {
  co_await run.reporter.UserError(
      absl::StrCat(what, " is not implemented in this version of Stagepost"));
  co_return kExitUnavailable;
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
  if (queue == nullptr) {
    const bool restricted = run.options().Has(PrivacyFlag::kRestrictQrun) &&
                            run.env.process().credentials().real_user != kRootUser;
    if (run.settings.mode != Mode::kDeliver || !run.settings.queue.given || !restricted) {
      co_return kExitConfiguration;
    }
    co_await run.reporter.UserError("You do not have permission to process the queue");
    co_return kExitNoPermission;
  }
  co_await CheckHostStatusDirectory(run);
  switch (run.settings.mode) {
    case Mode::kPrintQueue:
      co_return co_await PrintQueue(run, *queue);
    case Mode::kPrintQueueCounts:
      co_await run.reporter.Remark("Data unavailable: shared memory not updated");
      co_return kExitOk;
    case Mode::kCheckConfiguration:
      co_return kExitOk;
    case Mode::kHostStatus:
      co_return co_await PrintHostStatus(run);
    case Mode::kPurgeHostStatus:
      co_return co_await PurgeHostStatus(run);
    case Mode::kRebuildAliases:
      co_return co_await MakeAliasDatabases(run);
    case Mode::kSmtp:
      co_return co_await ServeStandardInput(run, *queue);
    case Mode::kVerify:
      co_return co_await VerifyRecipients(run, *queue);
    case Mode::kDeliver:
      if (run.settings.queue.given || run.settings.quarantine.has_value()) {
        co_return co_await WorkOnQueue(run, *queue);
      }
      if (run.settings.recipients.empty() && !run.settings.recipients_from_header) {
        co_await run.reporter.UserError("Recipient names must be specified");
        co_return kExitUsage;
      }
      co_return co_await NotImplemented(run, "Submission of mail on the command line");
    default: {
      const char letter = static_cast<char>(run.settings.mode);
      co_return co_await NotImplemented(run, absl::StrCat("-b", absl::string_view(&letter, 1)));
    }
  }
}

}  // namespace stagepost
