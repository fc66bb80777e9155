// The mailer that speaks SMTP or LMTP with other hosts: P=[IPC]. Operations Guide, 5.4; RFC 5321,
// section 5.
//
// The hosts of the route are tried in their order: over a connection that is kept, or a new one,
// unless a host is known to be down. The first one that greets us gets the message; what it says is
// what becomes of the recipients.
#ifndef STAGEPOST_MTA_DELIVER_SMTP_MAILER_H_
#define STAGEPOST_MTA_DELIVER_SMTP_MAILER_H_

#include "mta/async/task.h"
#include "mta/deliver/connection_cache.h"
#include "mta/deliver/delivery_watcher.h"
#include "mta/deliver/host_status.h"
#include "mta/deliver/mailer_run.h"
#include "mta/deliver/watched_connections.h"

namespace stagepost {

// What mailers of one process share. All of it outlives the run.
struct SmtpServices {
  HostStatus& hosts;    // what is known
  HostStatus& holders;  // who holds a host; lasts as long as `connections`
  ConnectionCache& connections;
  DeliveryWatcher* watcher = nullptr;
  WatchedConnections* watched = nullptr;  // with `watcher`
  bool queue_run = false;  // not the first attempt: Timeout.connect, not Timeout.iconnect
};

Task<MailerReport> RunSmtpMailer(MailerRun run, SmtpServices services);

// Says QUIT on each of them. Errors are of no interest any more.
Task<void> QuitAll(MailConnections connections, DeliveryWatcher* watcher);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_SMTP_MAILER_H_
