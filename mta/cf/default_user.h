// The users that options name: DefaultUser, as whom programs run that nobody else is named for, and
// TrustedUser, whose files are as good as root's. Operations Guide, 5.6.
#ifndef STAGEPOST_MTA_CF_DEFAULT_USER_H_
#define STAGEPOST_MTA_CF_DEFAULT_USER_H_

#include <optional>

#include "mta/cf/options.h"
#include "mta/env/accounts.h"
#include "mta/env/identity.h"

namespace stagepost {

// The user and the group that the option names; the group of the user where it names none, and
// sendmail's own, the numbers 1, for what it does not name or nobody knows. No other groups.
Identity DefaultUser(const Options& options, Accounts& accounts);

// nullopt: the option is empty, or nobody knows the name. A number needs no account.
std::optional<UserId> TrustedUser(const Options& options, Accounts& accounts);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_DEFAULT_USER_H_
