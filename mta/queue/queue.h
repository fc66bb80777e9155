// One queue directory: messages on their way in, and messages waiting for delivery.
//
// A message is a pair of files, as in sendmail (Installation and Operation Guide, "The Mail
// Queue"): df<id> holds the body, qf<id> the envelope and the header; tf<id> is a qf file being
// written. The message exists if and only if qf<id> does. Transitions, each one atomic in the
// directory:
//
// - Create: df<id> is made with O_EXCL. Nothing is accepted; a crash leaves an orphan df.
// - Commit: df synced, tf written and synced, renamed to qf, directory synced. Accepted.
// - Update: tf written and synced, renamed over qf, directory synced. Recipients that are done have
//   left.
// - Remove: qf unlinked, directory synced, then df unlinked. A crash between leaves an orphan df.
//
// Whoever works on a message holds an exclusive flock on its qf file and, having got it, checks
// that the name still leads to the locked file. A qf file that is written anew is locked before it
// is renamed into place, so that no queue run ever finds a message of somebody at work unlocked: it
// sees either no qf, or one that it cannot lock. Orphan df files older than a day are removed by
// queue runs.
#ifndef STAGEPOST_MTA_QUEUE_QUEUE_H_
#define STAGEPOST_MTA_QUEUE_QUEUE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "mta/queue/envelope.h"

namespace stagepost {

// What a commit still gets after a stop request.
inline constexpr absl::Duration kCommitGrace = absl::Seconds(30);
// Longer than any message takes from its first byte to its commit: what is without a qf file after
// that has been left behind by a crash.
inline constexpr absl::Duration kOrphanAge = absl::Hours(24);

// A message being received. Destroyed without Commit(), its df file stays behind as an orphan until
// Abandon() or a queue run removes it.
//
// After Commit() it holds the lock of the new message until HandOver() or its end: no queue run
// works on the message before its acceptance has been recorded.
class IncomingMessage {
 public:
  virtual ~IncomingMessage() = default;
  virtual const std::string& id() const = 0;
  // Appends body bytes, line ends LF. Buffered; the error of an earlier write may come later.
  virtual Task<absl::Status> AppendBody(absl::string_view bytes) = 0;
  // Makes the message durable, files and directory entries: after OK it has been accepted. Sets the
  // id, creation time, priority, data file and body size in `envelope`. After an error
  // nothing has been accepted and what was written is gone, as far as that could be done.
  // kInvalidArgument: the envelope has what a qf file cannot hold (a line end inside a field).
  // A stop request waits for kCommitGrace.
  virtual Task<absl::Status> Commit(Envelope& envelope) = 0;
  // Lets go of the lock. Called after Commit(), before the message's delivery is started.
  virtual void HandOver() = 0;
  // Removes what was written. REQUIRES: not committed.
  virtual Task<absl::Status> Abandon() = 0;
};

// A queued message, locked.
class QueuedMessage {
 public:
  virtual ~QueuedMessage() = default;  // unlocks
  virtual Envelope& envelope() = 0;
  // Reads the body from `offset`; 0 at its end.
  virtual Task<absl::StatusOr<size_t>> ReadBody(uint64_t offset, absl::Span<char> buffer) = 0;
  // Writes the envelope back. After an error the qf file is what it was before, or it is the new
  // one and perhaps not durable; the message is still locked.
  virtual Task<absl::Status> Update() = 0;
  // Removes the message; it is done.
  virtual Task<absl::Status> Remove() = 0;
};

class Queue {
 public:
  virtual ~Queue() = default;

  // A queue id that was never given out before. Nothing is made in the directory: a session takes
  // one for each transaction, to name it in the log, long before there is anything to store.
  virtual std::string NewId() = 0;
  // A new message in the queue, with an id of NewId(). kAlreadyExists: its df file is there already
  // (two processes in one second on one pid); take another id.
  virtual Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> Create(std::string id) = 0;
  // The queue ids now present, in the order they should be tried in: by priority, then by time of
  // creation (sendmail's QueueSortOrder=priority). Files that cannot be read come last.
  virtual Task<absl::StatusOr<std::vector<std::string>>> List() = 0;
  // Locks and reads one message. kNotFound: it is gone. kAborted: another holds the lock.
  // kDataLoss: the qf file cannot be understood, and is left as it is; or it has no df file, and is
  // set aside as Qf<id>.
  virtual Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> Lock(std::string id) = 0;
  // Removes df and tf files without a qf that are older than kOrphanAge.
  virtual Task<absl::Status> RemoveOrphans() = 0;
};

// Opens the queue at `directory`, which becomes the process's working directory and must stay it.
// On failure the error carries the Errno, and its message is in sendmail's words: "can not
// chdir(/var/spool/mqueue/): Permission denied". As with sendmail, the owner and the mode of the
// daemon's queue directory are the administrator's business: if it can be entered, it is used.
// `env` outlives the queue.
Task<absl::StatusOr<std::unique_ptr<Queue>>> OpenQueue(Environment& env, std::string directory);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_QUEUE_H_
