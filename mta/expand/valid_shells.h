// Whose mail may start programs: users with a shell that /etc/shells knows. shells(5);
// cf/README, "SECURITY NOTES"; the entry /SENDMAIL/ANY/SHELL/ makes every shell a valid one.
#ifndef STAGEPOST_MTA_EXPAND_VALID_SHELLS_H_
#define STAGEPOST_MTA_EXPAND_VALID_SHELLS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

// The shells that a text like that of /etc/shells lists; they point into it.
std::vector<absl::string_view> ParseShells(absl::string_view text);

// Whether `shell`, as the account has it, is a valid one; that of an account without a shell is.
// Without /etc/shells, /bin/sh and /bin/csh are. An error: it cannot be known now.
Task<absl::StatusOr<bool>> IsValidShell(Environment& env, std::string shell);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_EXPAND_VALID_SHELLS_H_
