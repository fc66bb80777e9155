// Who the daemon is, and who may start it: RunAsUser and TrustedUser. Operations Guide, 5.6.
#ifndef STAGEPOST_MTA_DAEMON_IDENTITY_H_
#define STAGEPOST_MTA_DAEMON_IDENTITY_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mta/cf/options.h"
#include "mta/env/environment.h"

namespace stagepost {

// RunAsUser, "user", "user:group" or "user.group", names or numbers; nullopt: it is not set. The
// error is in sendmail's words.
absl::StatusOr<std::optional<Identity>> RunAsIdentity(Environment& env, const Options& options);

// Takes on RunAsUser's identity for good, if it is not ours already.
absl::Status BecomeRunAsUser(Environment& env, const Options& options);

// Whether whoever started us is root or TrustedUser: they alone run daemons and rebuild aliases.
bool IsTrusted(Environment& env, const Options& options);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_IDENTITY_H_
