// mail.local: puts messages into the mailboxes of users, /var/mail/<user>.
//
//   mail.local -l                          LMTP (RFC 2033) on standard input and output
//   mail.local [-f from | -r from] user…   one message from standard input
//
//   -7       does not offer 8BITMIME
//   -b       a mailbox over its quota is a failure for good
//   -d       nothing
//   -D pw    where users are looked up; there is no other place
//   -h file  the mailbox is ~user/file; its folder must let that user make a lock beside it
//
// Started with whatever identity the mailer's flags give (F=S: root), it looks up each recipient
// and opens, creates and writes the mailbox under that user's identity, never as root
// (mta/deliver/mailbox.h). A message is held once for all its recipients (message_spool.h).
//
// Exit status, as with sendmail's: 0 (EX_OK); 75 (EX_TEMPFAIL) if some recipient should be tried
// again; else 69 (EX_UNAVAILABLE) if some recipient was refused, or for bad options. An LMTP
// session that ends inside a message, or whose client is gone, gives 75.
#ifndef STAGEPOST_MTA_BIN_MAIL_LOCAL_H_
#define STAGEPOST_MTA_BIN_MAIL_LOCAL_H_

#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

Task<int> MailLocalMain(Environment& env, Arguments arguments);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_MAIL_LOCAL_H_
