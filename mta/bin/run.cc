#include "mta/bin/run.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "mta/daemon/identity.h"

namespace stagepost {
namespace {

constexpr absl::string_view kNeedsPrivilege =
    "Program mode requires special privileges, e.g., root or TrustedUser.\n";

}  // namespace

Task<std::unique_ptr<Queue>> OpenQueueOf(Run& run) {
  std::vector<std::string> warnings;
  absl::StatusOr<QueueLayout> layout = MakeQueueLayout(run.site->configuration(), warnings);
  for (const std::string& warning : warnings) {
    co_await Print(run.env.process().standard_output(), warning);
  }
  absl::StatusOr<std::unique_ptr<Queue>> queue = layout.status();
  if (layout.ok()) queue = co_await OpenQueue(run.env, *std::move(layout));
  if (queue.ok()) co_return *std::move(queue);
  // One line for each directory.
  for (const absl::string_view line : absl::StrSplit(queue.status().message(), '\n')) {
    co_await run.reporter.SystemError(std::string(line));
  }
  if (run.env.process().credentials().effective_user != kRootUser) {
    co_await Print(run.env.process().standard_error(), std::string(kNeedsPrivilege));
  }
  co_return nullptr;
}

Task<bool> DropPrivileges(Run& run) {
  const absl::Status status = BecomeRunAsUser(run.env, run.options());
  if (status.ok()) co_return true;
  co_await run.reporter.SystemError(std::string(status.message()));
  co_return false;
}

}  // namespace stagepost
