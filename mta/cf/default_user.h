// Who programs run as that nobody else is named for: the option DefaultUser. Operations Guide, 5.6.
#ifndef STAGEPOST_MTA_CF_DEFAULT_USER_H_
#define STAGEPOST_MTA_CF_DEFAULT_USER_H_

#include "mta/cf/options.h"
#include "mta/env/accounts.h"
#include "mta/env/identity.h"

namespace stagepost {

// The user and the group that the option names; the group of the user where it names none, and
// sendmail's own, the numbers 1, for what it does not name or nobody knows. No other groups.
Identity DefaultUser(const Options& options, Accounts& accounts);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_DEFAULT_USER_H_
