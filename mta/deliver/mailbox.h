// Appending a message to a user's mailbox, /var/mail/<user>, under that user's identity.
//
// The mailbox must be a regular file with one name that belongs to the user; a new one gets mode
// 600. It is opened without following links, and what was opened must be what was looked at. While
// it is written it is locked twice, by DotLock and by fcntl; not while the disk is waited for. A
// mailbox whose end is not an empty line (somebody crashed) first gets the line ends it lacks.
// After OK the message is on stable storage. After any error the mailbox has its old length again,
// unless what failed was the disk, when somebody else had written behind the message: then it
// stays. Several messages for one mailbox are written under one lock and share one flush; what
// becomes of them becomes of all.
//
// The directory must let its users make files (mode 1777): with sendmail's mail.local, too, a
// mailbox cannot be locked otherwise.
#ifndef STAGEPOST_MTA_DELIVER_MAILBOX_H_
#define STAGEPOST_MTA_DELIVER_MAILBOX_H_

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/async/task.h"
#include "mta/deliver/message_spool.h"
#include "mta/env/accounts.h"
#include "mta/env/environment.h"
#include "mta/env/file_system.h"

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
  bool no_room = false;  // a disk or a quota was full: less might have fitted
  bool ok() const { return code == 250; }
  bool permanent() const { return code >= 500; }
};

// Mailboxes that were written lately and are still open: while they are, their inodes are not
// given to others, so that a name with the same inode is the same entry, synced once and durable
// since. For one message at a time, since a process's fcntl lock goes with any close of the file.
class OpenMailboxes {
 public:
  static constexpr size_t kMost = 16;  // then all are closed

  // The file that stands under this name, as `stat` is now; null: it is not known.
  std::shared_ptr<File> Find(const std::string& path, const FileStat& stat) const;
  // `files` is what it was opened by; null: something that outlives this. REQUIRES: the entry is
  // durable; no lock is held.
  void Keep(const std::string& path, const FileStat& stat, std::shared_ptr<FileSystem> files,
            std::shared_ptr<File> file);

 private:
  struct Mailbox {
    FileStat stat;
    std::shared_ptr<FileSystem> files;
    std::shared_ptr<File> file;
  };
  std::map<std::string, Mailbox> mailboxes_;
};

// What is to be appended: a finished message, and the sender for the line "From <sender> <date>" in
// front; an empty one is MAILER-DAEMON.
struct MailboxMessage {
  absl::string_view sender;
  MessageSpool* message;
};

// Appends `messages`, at least one, in their order. REQUIRES: user.name can stand in a path. What
// is referred to outlives the task.
Task<MailboxResult> AppendToMailbox(Environment& env, const User& user,
                                    absl::Span<const MailboxMessage> messages,
                                    MailboxOptions options, OpenMailboxes& mailboxes);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_MAILBOX_H_
