#include "mta/deliver/conclude.h"

#include <utility>

namespace stagepost {

Task<absl::StatusOr<std::vector<Recipient>>> Conclude(Site& /*site*/, Queue& /*queue*/,
                                                      const Envelope& /*envelope*/,
                                                      JobReport report) {
  std::vector<Recipient> staying;
  for (ReportedRecipient& failed : report.failed) {
    failed.recipient.status = failed.result.stat;
    staying.push_back(std::move(failed.recipient));
  }
  co_return staying;
}

}  // namespace stagepost
