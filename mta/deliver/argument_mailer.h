// Mailers that take recipients as arguments and the message on standard input: programs of aliases
// and .forward files (prog), procmail, mail.local without -l. Operations Guide, 5.4.
//
// How the program ends says how the delivery did (sysexits.h), for all recipients alike. Whether it
// has read the message is its own business. What it prints goes to the transcript.
#ifndef STAGEPOST_MTA_DELIVER_ARGUMENT_MAILER_H_
#define STAGEPOST_MTA_DELIVER_ARGUMENT_MAILER_H_

#include "absl/time/time.h"
#include "mta/async/task.h"
#include "mta/deliver/mailer_run.h"

namespace stagepost {

// How long one program may take, from its start to its end, unless Timeout.datafinal says longer;
// sendmail waits for ever. A program that takes longer is killed, and the message waits.
inline constexpr absl::Duration kMaxMailerTime = absl::Hours(1);

// REQUIRES: TakesUsersAsArguments(run.mailer). Stopped, it kills the program.
Task<MailerReport> RunArgumentMailer(MailerRun run);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_ARGUMENT_MAILER_H_
