// Appending a message to a user's mailbox, /var/mail/<user>, under that user's identity.
//
// The mailbox must be a regular file with one name that belongs to the user; a new one gets mode
// 600. It is opened without following links, and what was opened must be what was looked at. While
// it is written it is locked twice, by DotLock and by fcntl. A mailbox whose end is not an empty
// line (somebody crashed) first gets the line ends it lacks. After any error it has its old length
// again; after OK the message is on stable storage.
//
// The directory must let its users make files (mode 1777): with sendmail's mail.local, too, a
// mailbox cannot be locked otherwise.
#ifndef STAGEPOST_MTA_DELIVER_MAILBOX_H_
#define STAGEPOST_MTA_DELIVER_MAILBOX_H_

#include <string>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/deliver/message_spool.h"
#include "mta/env/accounts.h"
#include "mta/env/environment.h"

namespace stagepost {

inline constexpr absl::string_view kMailDirectory = "/var/mail";

struct MailboxOptions {
  bool over_quota_is_permanent = false;  // mail.local -b
  // mail.local -h: the mailbox is this file in the user's home directory; empty: in kMailDirectory.
  std::string home_file = "";
};

// What became of it, as an LMTP reply in the words of sendmail's mail.local:
// 250 2.1.5 "alice Ok", 550 5.2.0 "/var/mail/alice: irregular file",
// 451 4.3.0 "lockmailbox alice failed; error code 75 ".
struct MailboxResult {
  int code = 250;
  std::string dsn;
  std::string text;
  bool ok() const { return code == 250; }
  bool permanent() const { return code >= 500; }
};

// Appends `message`, finished, with the line "From <sender> <date>" in front; an empty sender is
// MAILER-DAEMON. REQUIRES: user.name can stand in a path. `env` and `message` outlive the task.
Task<MailboxResult> AppendToMailbox(Environment& env, const User& user, absl::string_view sender,
                                    MessageSpool& message, MailboxOptions options);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_MAILBOX_H_
