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

// Takes on RunAsUser's identity for good. Without privileges nothing changes, as in sendmail; what
// is then to be said goes to `warning`, if it is not null (UseMSP, when the set-group-id bit is
// missing).
absl::Status BecomeRunAsUser(Environment& env, const Options& options,
                             std::string* warning = nullptr);

// A program with the set-user-id or set-group-id bit becomes whoever started it, for good: they ask
// for something that only they can answer for.
absl::Status GiveUpSetIds(Environment& env);

// Whether whoever started us is root or TrustedUser: they alone run daemons and rebuild aliases.
bool IsTrusted(Environment& env, const Options& options);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_IDENTITY_H_
