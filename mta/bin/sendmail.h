// The sendmail program: what runs depends on its options, as the manual page sendmail(8) has it.
//
// A mode that this version does not have fails with a message that says so.
#ifndef STAGEPOST_MTA_BIN_SENDMAIL_H_
#define STAGEPOST_MTA_BIN_SENDMAIL_H_

#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

Task<int> SendmailMain(Environment& env, Arguments arguments);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_SENDMAIL_H_
