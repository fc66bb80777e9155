#include "mta/bin/run.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "mta/base/errno.h"
#include "mta/daemon/identity.h"
#include "mta/daemon/load_site.h"

namespace stagepost {
namespace {

constexpr absl::string_view kNeedsPrivilege =
    "Program mode requires special privileges, e.g., root or TrustedUser.\n";

}  // namespace

Task<std::unique_ptr<Queue>> OpenQueueOf(Run& run) {
  std::vector<std::string> warnings;
  absl::StatusOr<QueueLayout> layout = QueueLayoutOf(run.env, run.site->configuration(), warnings);
  for (const std::string& warning : warnings) {
    co_await Print(run.env.process().standard_output(), warning);
  }
  absl::Status status = layout.status();
  if (layout.ok()) {
    absl::StatusOr<std::unique_ptr<Queue>> queue = co_await OpenQueue(run.env, *std::move(layout));
    if (queue.ok()) co_return *std::move(queue);
    status = queue.status();
  }
  // One line for each directory.
  for (const absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    co_await run.reporter.SystemError(std::string(line));
  }
  if (ErrnoOf(status) == Errno::kEACCES) {
    co_await Print(run.env.process().standard_error(), std::string(kNeedsPrivilege));
  }
  co_return nullptr;
}

Task<bool> DropPrivileges(Run& run) {
  std::string warning;
  const absl::Status status = BecomeRunAsUser(run.env, run.options(), &warning);
  if (!warning.empty()) co_await run.reporter.Remark(std::move(warning));
  if (status.ok()) co_return true;
  co_await run.reporter.SystemError(std::string(status.message()));
  co_return false;
}

}  // namespace stagepost
