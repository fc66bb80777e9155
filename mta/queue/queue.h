// The queue: messages on their way in, and messages waiting for delivery.
//
// A message is a pair of files in a queue directory, as in sendmail (Installation and Operation
// Guide, 2.3 and appendix B): df<id> holds the body, qf<id> the envelope and the header; tf<id> is
// a qf file being written. A quarantined message has hf<id> in the place of qf<id>, one that needs
// an administrator Qf<id>. Below a queue directory, directories qf, df and xf hold the files of
// their kind if they are there. The message exists if and only if qf<id>, hf<id> or Qf<id> does.
// Transitions, each one atomic in the directory:
//
// - Create: df<id> is made with O_EXCL. Nothing is accepted; a crash leaves an orphan df.
// - Commit: df synced, tf written and synced, renamed to qf (which replaces nothing), directory
//   synced. Accepted.
// - Update: tf written and synced, renamed over qf, directory synced. Recipients that are done have
//   left.
// - Split: a second message with the same body is committed, then the first one is updated. A crash
//   between the two leaves some recipients in both.
// - Quarantine, Release: Update, then qf and hf change places.
// - Remove: qf unlinked, directory synced, then df unlinked. A crash between leaves an orphan df.
//   While clients are connected, instead of being unlinked qf is renamed, df stays, and both are
//   used for the next messages (spare_files.h): in Create such a df is then renamed to df<id>, and
//   Commit writes into what was a qf in the place of tf.
//
// With SuperSafe=false nothing is synced.
//
// Whoever works on a message holds an exclusive flock on its control file and, having got it,
// checks that the name still leads to the locked file. A control file that is written anew is
// locked before it is renamed into place, so that no queue run ever finds a message of somebody at
// work unlocked: it sees either no qf, or one that it cannot lock. Orphan df files older than a day
// are removed by queue runs but those on demand, and so are transcripts (xf) that sendmail has
// left; we write none.
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
#include "mta/queue/queue_layout.h"
#include "mta/queue/queue_selection.h"

namespace stagepost {

// What a commit still gets after a stop request.
inline constexpr absl::Duration kCommitGrace = absl::Seconds(30);
// Longer than any message takes from its first byte to its commit: what is without a qf file after
// that has been left behind by a crash.
inline constexpr absl::Duration kOrphanAge = absl::Hours(24);
inline constexpr size_t kMaxSortedListing = 100'000;

class QueuedMessage;

// A message being received. Destroyed without Commit(), its df file stays behind as an orphan until
// Abandon() or a queue run removes it.
//
// After Commit() it holds the lock of the new message until HandOver() gives it away or its end: no
// queue run works on the message before its acceptance has been recorded.
class IncomingMessage {
 public:
  virtual ~IncomingMessage() = default;
  virtual const std::string& id() const = 0;
  // Appends body bytes, line ends LF. Buffered; the error of an earlier write may come later.
  virtual Task<absl::Status> AppendBody(absl::string_view bytes) = 0;
  // Makes the message durable, files and directory entries: after OK it has been accepted. Sets the
  // id, creation time, priority (from its message_class, its recipients, and message_bytes or
  // the size of its parts), data file and body size in `envelope`. After an error
  // nothing has been accepted and what was written is gone, as far as that could be done.
  // kInvalidArgument: the envelope has what a qf file cannot hold (a line end inside a field).
  // kAlreadyExists: somebody else's control file has the id.
  // A stop request waits for kCommitGrace.
  virtual Task<absl::Status> Commit(Envelope& envelope) = 0;
  // Makes another message with the same body, in `group`, for recipients whose queue group is not
  // that of this message (DivideByQueueGroup()); with an id of its own. Called before Commit(),
  // which makes all of them durable together: until then nothing has been accepted. A copy of
  // `envelope` is kept. Errors as Commit().
  virtual Task<absl::Status> AddPart(Envelope& envelope, std::string group) = 0;
  // The message, still locked, and behind it its parts in the order of AddPart(): for who delivers
  // them at once, and need not find, lock and read their files again. They are as Lock() would give
  // them. `envelope` is as Commit() left it. REQUIRES: committed; once.
  virtual std::vector<std::unique_ptr<QueuedMessage>> HandOver(Envelope envelope) = 0;
  // Removes what was written. REQUIRES: not committed.
  virtual Task<absl::Status> Abandon() = 0;
};

// A queued message, locked. Outlived by its Queue.
class QueuedMessage {
 public:
  virtual ~QueuedMessage() = default;  // unlocks
  virtual Envelope& envelope() = 0;
  // Its queue group.
  virtual const std::string& group() const = 0;
  // Its directory, as messages call it: "/var/spool/mqueue".
  virtual const std::string& directory() const = 0;
  // Reads the body from `offset`; 0 at its end.
  virtual Task<absl::StatusOr<size_t>> ReadBody(uint64_t offset, absl::Span<char> buffer) = 0;
  // Writes the envelope back. After an error the qf file is what it was before, or it is the new
  // one and perhaps not durable; the message is still locked.
  virtual Task<absl::Status> Update() = 0;
  // Makes a second message with this one's body durable, in the same directory, and gives it
  // locked. `part` is its envelope, to begin with a copy of this one with another sender or fewer
  // recipients; it gets its id. The caller then takes those recipients from envelope() and calls
  // Update(): a crash before that has both messages serve them. Errors as
  // IncomingMessage::Commit().
  virtual Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> Split(Envelope part) = 0;
  // Writes the envelope and keeps the message from being tried until it is released. The reason is
  // not empty; a message that is quarantined already gets the new one.
  virtual Task<absl::Status> Quarantine(std::string reason) = 0;
  // The opposite.
  virtual Task<absl::Status> Release() = 0;
  // Sets the message aside as Qf<id>, where only -qL lists it; `reason` goes to the log, "savemail
  // panic". The object is then of no more use.
  virtual Task<absl::Status> Lose(std::string reason) = 0;
  // Removes the message; it is done.
  virtual Task<absl::Status> Remove() = 0;
};

class Queue {
 public:
  virtual ~Queue() = default;

  virtual const QueueLayout& layout() const = 0;
  // ChangeLayout() of it, for what begins now.
  virtual std::vector<std::string> ChangeLayout(QueueLayout wanted) = 0;

  // A queue id that was never given out before. Nothing is made in the directory: a session takes
  // one for each transaction, to name it in the log, long before there is anything to store.
  virtual std::string NewId() = 0;
  // A new message in a directory of the queue group (empty or unknown: the default one), with an id
  // of NewId(). kAlreadyExists: its df file is there already (two processes in one second on one
  // pid); take another id.
  virtual Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> Create(std::string id,
                                                                        std::string group) = 0;
  Task<absl::StatusOr<std::unique_ptr<IncomingMessage>>> Create(std::string id) {
    co_return co_await Create(std::move(id), std::string());
  }
  // The queue ids that are selected, in the order they should be tried in: group by group, each in
  // the layout's order. With kPriority, files that cannot be read come last. For a run at most
  // max_run_size of a directory and J= of a group, none of a group without runners unless it is
  // asked for by name, none that the load keeps in the queue (IsOnlyQueued()), and without a narrow
  // selection none that are too young.
  virtual Task<absl::StatusOr<std::vector<std::string>>> List(QueueSelection selection,
                                                              GatherFor purpose) = 0;
  Task<absl::StatusOr<std::vector<std::string>>> List(QueueSelection selection) {
    co_return co_await List(std::move(selection), GatherFor::kRun);
  }
  Task<absl::StatusOr<std::vector<std::string>>> List() {
    co_return co_await List(QueueSelection());
  }
  // Locks and reads one message. kNotFound: it is gone. kAborted: another holds the lock.
  // kDataLoss: the control file cannot be understood, is not safe or has no df file. It has been
  // logged in sendmail's words, and the file set aside as Qf<id>, unless it is only incomplete,
  // which sendmail leaves in place.
  virtual Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> Lock(std::string id,
                                                                    QueueFileKind kind) = 0;
  Task<absl::StatusOr<std::unique_ptr<QueuedMessage>>> Lock(std::string id) {
    co_return co_await Lock(std::move(id), QueueFileKind::kWaiting);
  }
  // Prints what waits on standard output, in sendmail's layout: mailq. Streams: a message is read
  // when its lines are printed. More than kMaxSortedListing messages of a directory are printed in
  // the order of their names, which is by creation, in memory that does not depend on how many
  // there are; the first line waits for their names, which have to be counted, and for their files
  // only if the selection looks inside. A group that does not exist: "Queue group NAME unknown".
  // kUnavailable: nobody reads standard output any more.
  virtual Task<absl::Status> Print(QueueSelection selection, bool verbose) = 0;
  // A session begins, and has ended, that may bring messages. While there is one, files of messages
  // that are done may stay for the next ones, control files under names that begin with "spare.",
  // data files under their own; the last end removes them.
  virtual void BeginReceiving() = 0;
  virtual Task<void> EndReceiving() = 0;
  // Removes df, tf and xf files without a control file that are older than kOrphanAge, and spare
  // files of processes that are gone.
  virtual Task<absl::Status> RemoveOrphans() = 0;
  // Whether there is room for a message of that size in some directory of the default group and
  // MinFreeBlocks beside it; if not, it is logged in sendmail's words: "low on space (HOST needs
  // …". Where there is plenty of it the file system is asked now and then only. `id` names the
  // transaction, `peer` the client's host; empty: SMTP-DAEMON.
  virtual Task<absl::StatusOr<bool>> HasRoom(std::string id, std::string peer,
                                             int64_t message_bytes) = 0;
};

// Opens the queue. Its base becomes the process's working directory and must stay it. On failure
// the error carries the Errno, and its message is in sendmail's words, a line for each: "can not
// chdir(/var/spool/mqueue/): Permission denied", "can not opendir(/var/spool/mqueue/q): No such
// file or directory"; sendmail exits with 78. As with sendmail, the owner and the mode of the queue
// directory are the administrator's business: if it can be entered, it is used; that of a
// submission program's queue is logged if its group or others can write it ("dangerous
// permissions"). `env` outlives the queue.
Task<absl::StatusOr<std::unique_ptr<Queue>>> OpenQueue(Environment& env, QueueLayout layout);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_QUEUE_QUEUE_H_
