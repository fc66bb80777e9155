// The LMTP server in mail.local (RFC 2033), with the replies of sendmail's.
//
// Commands may be pipelined. A message is answered once for each recipient, each when it is safe in
// that recipient's mailbox. A session holds one message (message_spool.h) and the users it is for,
// kMaxLmtpRecipients at most.
#ifndef STAGEPOST_MTA_BIN_MAIL_LOCAL_LMTP_H_
#define STAGEPOST_MTA_BIN_MAIL_LOCAL_LMTP_H_

#include <cstddef>

#include "mta/async/task.h"
#include "mta/deliver/mailbox.h"
#include "mta/env/environment.h"

namespace stagepost {

inline constexpr size_t kMaxLmtpRecipients = 1000;  // RFC 5321 minimum: 100

struct LmtpServerOptions {
  bool offer_8bitmime = true;
  MailboxOptions mailbox;
};

// Serves standard input and output until QUIT or the end of input. The exit code.
Task<int> RunLmtpServer(Environment& env, LmtpServerOptions options);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_MAIL_LOCAL_LMTP_H_
