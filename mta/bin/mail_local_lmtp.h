// The LMTP server in mail.local (RFC 2033), with the replies of sendmail's.
//
// Commands may be pipelined, and are answered before more input is waited for. A message is
// answered once for each recipient, each when it is safe in that recipient's mailbox. A session
// holds a batch of messages (mail_batch.h) and the one that comes (message_spool.h), each with the
// users it is for, kMaxLmtpRecipients at most.
//
// With BDAT (RFC 3030) a client need not wait for anything before it hands over the next message.
// sendmail's mail.local does not know it, and some client may expect the very words of that one: so
// it is offered only to whoever asks for it by the environment variable kLmtpChunkingVariable.
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
  bool offer_chunking = false;
  MailboxOptions mailbox;
};

// Serves standard input and output until QUIT or the end of input. The exit code.
Task<int> RunLmtpServer(Environment& env, LmtpServerOptions options);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_MAIL_LOCAL_LMTP_H_
