// Mailers with flag z: LMTP (RFC 2033) on the standard streams of a program.
#ifndef STAGEPOST_MTA_DELIVER_LMTP_MAILER_H_
#define STAGEPOST_MTA_DELIVER_LMTP_MAILER_H_

#include "mta/async/task.h"
#include "mta/deliver/delivery_watcher.h"
#include "mta/deliver/lmtp_programs.h"
#include "mta/deliver/mailer_run.h"
#include "mta/deliver/watched_connections.h"
#include "mta/smtp/smtp_client.h"

namespace stagepost {

// One transaction for all users. What a server has taken before it went away is delivered.
// Timeouts are those of the configuration. REQUIRES: !TakesUsersAsArguments(run.mailer).
// The program may be one that waits in `programs`, and waits there afterwards. `watcher` is told of
// what is said until the program leaves, which it does then; null: nobody. Both outlive the run.
Task<MailerReport> RunLmtpMailer(MailerRun run, LmtpPrograms& programs, DeliveryWatcher* watcher,
                                 WatchedConnections& watched);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_LMTP_MAILER_H_
