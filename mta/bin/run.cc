#include "mta/bin/run.h"

#include <string>
#include <utility>

#include "mta/daemon/identity.h"

namespace stagepost {
namespace {

constexpr absl::string_view kNeedsPrivilege =
    "Program mode requires special privileges, e.g., root or TrustedUser.\n";

}  // namespace

Task<std::unique_ptr<Queue>> OpenQueueOf(Run& run) {
  absl::StatusOr<std::unique_ptr<Queue>> queue =
      co_await OpenQueue(run.env, run.options().Text(OptionId::kQueueDirectory));
  if (queue.ok()) co_return *std::move(queue);
  co_await run.reporter.SystemError(std::string(queue.status().message()));
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
