// Mailers with P=[FILE]: messages are appended to a file that an alias or a .forward names, as a
// mailbox has them. Operations Guide, 4.1, 5.6 (SafeFileEnvironment, DontBlameSendmail).
//
// All is done under the identity of the controlling user, never as root (docs/privileges.md), and
// the kernel decides who may write where. Refused besides: what is no regular file, has execute or
// set-id bits, is a symbolic link (FileDeliveryToSymLink allows that) or has other names
// (FileDeliveryToHardLink). /dev/null takes everything. A new file gets the mode of TempFileMode.
// While it is written the file is locked with flock(2), as sendmail does; after an error it has its
// old length again, and after success the message is on stable storage.
#ifndef STAGEPOST_MTA_DELIVER_FILE_MAILER_H_
#define STAGEPOST_MTA_DELIVER_FILE_MAILER_H_

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/deliver/mailer_run.h"

namespace stagepost {

inline constexpr absl::string_view kFileMailerPath = "[FILE]";

Task<MailerReport> RunFileMailer(MailerRun run);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_FILE_MAILER_H_
