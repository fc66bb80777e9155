// The sendmail program: what runs depends on its options, as the manual page sendmail(8) has it.
//
// This version is a daemon (-bd, -bD) with its queue runs (-q); every other mode and option fails
// with a message that says so, exit status 64 (EX_USAGE).
#ifndef STAGEPOST_MTA_BIN_SENDMAIL_H_
#define STAGEPOST_MTA_BIN_SENDMAIL_H_

#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

Task<int> SendmailMain(Environment& env, Arguments arguments);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_SENDMAIL_H_
