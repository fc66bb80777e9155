// Programs that take mail by LMTP and wait for the next message: sendmail's mail.local and others.
//
// Starting a program costs more than delivering a message to it, so one is kept while more
// deliveries are expected, as connections are (connection_cache.h), and in a daemon, where a
// message may come at any time, for a while longer. A program is given only messages that it would
// have been started for in the same way: the same file, arguments, identity, directory and
// environment.
// No more than kAtATime of one file work at a time.
//
// Messages for the same users do not compete for their mailboxes: where a program that takes
// transactions at once (SmtpClient::SendAtOnce) works for these users already, it is handed the
// next message, too, and can write what has come in the meantime together.
//
//   std::shared_ptr<LmtpProgram> program = programs.Join(*request, users);
//   if (program == nullptr) {
//     CO_ASSIGN_OR_RETURN(Semaphore::Permit turn, co_await programs.Turn(request->path));
//     program = programs.Take(*request);             // null: start one
//     program->turn.emplace(std::move(turn));
//     programs.Share(program, users);                // if it takes transactions at once
//   }
//   …
//   program = programs.Keep(std::move(program));     // what is left has to leave
//   if (program != nullptr) co_await program->Leave();
#ifndef STAGEPOST_MTA_DELIVER_LMTP_PROGRAMS_H_
#define STAGEPOST_MTA_DELIVER_LMTP_PROGRAMS_H_

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/async/semaphore.h"
#include "mta/async/task.h"
#include "mta/base/time.h"
#include "mta/deliver/connection_cache.h"
#include "mta/env/environment.h"
#include "mta/env/programs.h"
#include "mta/env/stream.h"
#include "mta/smtp/smtp_client.h"

namespace stagepost {

// One that runs. Destroyed, it is killed if it has not left.
class LmtpProgram {
 public:
  // REQUIRES: `child` has pipes for input and output. `mailer` is what the log calls it.
  LmtpProgram(Environment& env, std::unique_ptr<Child> child, ProgramRequest request,
              std::string mailer, ClientOptions options);

  SmtpClient& client() { return client_; }
  const std::string& mailer() const { return mailer_; }
  const ProgramRequest& request() const { return request_; }

  // Says QUIT unless the session is broken, and waits for the end of the program, up to a limit.
  // What is wrong with that end is logged for the message `id`. How it leaves changes nothing.
  Task<void> Leave();

  std::string last_message;  // id of what it got last
  int messages = 0;          // that it has taken
  MonotonicTime last_used;
  std::optional<Semaphore::Permit> turn;  // while it works

 private:
  void LogExit(const ExitStatus& end);

  Environment& env_;
  std::unique_ptr<Child> child_;
  const ProgramRequest request_;
  const std::string mailer_;
  std::unique_ptr<ByteSink> input_;
  std::unique_ptr<ByteSource> output_;
  SmtpClient client_;
};

class LmtpPrograms {
 public:
  // Kept at a time, and for so long.
  static constexpr size_t kMost = 20;
  static constexpr size_t kAtATime = 10;
  // Transactions that one is handed before the first of them has been answered.
  static constexpr size_t kMostShared = 64;
  // Replies that may wait to be read while more is written: they have to fit into the pipe, for
  // whoever writes does not read.
  static constexpr size_t kMostSharedReplies = 256;
  static constexpr absl::Duration kIdle = absl::Minutes(5);

  // `expectation` says whether more deliveries are to come. Both outlive this. `linger` is for how
  // long programs are kept when none is.
  LmtpPrograms(const Clock& clock, const ConnectionCache& expectation, absl::Duration linger)
      : clock_(clock), expectation_(expectation), linger_(linger) {}

  absl::Duration linger() const { return linger_; }
  bool empty() const { return programs_.empty(); }

  // Waits until the program in the file `path` may be used once more.
  Task<absl::StatusOr<Semaphore::Permit>> Turn(std::string path);
  // One that was started as `request` says. Null: there is none.
  std::shared_ptr<LmtpProgram> Take(const ProgramRequest& request);
  // One that works for exactly these users and takes more; null: there is none.
  std::shared_ptr<LmtpProgram> Join(const ProgramRequest& request,
                                    const std::vector<std::string>& users);
  // From now on Join() finds `program`, which works for `users`.
  void Share(std::shared_ptr<LmtpProgram> program, const std::vector<std::string>& users);
  // The end of one's work with it. Keeps it for the next message, once all who share it have come
  // to that, and gives back what has to leave now; null: none. `always`: also if no message is
  // expected.
  std::shared_ptr<LmtpProgram> Keep(std::shared_ptr<LmtpProgram> program, bool always = false);
  // The same for one that is not to be kept.
  std::shared_ptr<LmtpProgram> LetGo(std::shared_ptr<LmtpProgram> program);
  std::vector<std::shared_ptr<LmtpProgram>> TakeAll() { return std::exchange(programs_, {}); }

 private:
  // One that works, and for whom.
  struct Shared {
    std::shared_ptr<LmtpProgram> program;
    std::vector<std::string> users;
    size_t sharing = 1;
    bool broken = false;
  };

  const Clock& clock_;
  const ConnectionCache& expectation_;
  const absl::Duration linger_;
  std::map<std::string, Semaphore> turns_;              // by path
  std::vector<std::shared_ptr<LmtpProgram>> programs_;  // at rest; the one used last at the end
  std::list<Shared> shared_;
};

// Lets all of them leave.
Task<void> LeaveAll(std::vector<std::shared_ptr<LmtpProgram>> programs);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_LMTP_PROGRAMS_H_
