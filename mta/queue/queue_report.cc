#include "mta/queue/queue_report.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "mta/queue/queue_directory.h"

namespace stagepost {

void ReportSystemError(Environment& env, absl::string_view id, absl::string_view text) {
  const UserId self = env.process().credentials().real_user;
  const absl::StatusOr<User> user = env.accounts().FindUser(self);
  const std::string name = user.ok() ? user->name : absl::StrCat(static_cast<uint32_t>(self));
  env.log().Write(Severity::kCritical, absl::StrCat(id, ": SYSERR(", name, "): ", text));
}

void ReportLoss(Environment& env, absl::string_view id, absl::string_view name,
                absl::string_view reason) {
  env.log().Write(Severity::kAlert,
                  absl::StrCat(id, ": Losing ", QueuePlace::InMessages(name), ": ", reason));
}

}  // namespace stagepost
