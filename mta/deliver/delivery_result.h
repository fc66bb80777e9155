// How a delivery ended for one recipient, and what is made of the exit codes of programs and the
// replies of LMTP servers: sendmail's texts and D.S.N. codes (RFC 3463), since people and their
// tools look for them in the log. Operations Guide, 4.4; sysexits.h.
#ifndef STAGEPOST_MTA_DELIVER_DELIVERY_RESULT_H_
#define STAGEPOST_MTA_DELIVER_DELIVERY_RESULT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "mta/base/errno.h"
#include "mta/env/programs.h"
#include "mta/smtp/server_reply.h"

namespace stagepost {

struct DeliveryResult {
  enum class Kind {
    kSent,
    kDiscarded,  // $#discard: done, and nobody has it
    kDeferred,   // to be tried again
    kHeld,       // to be tried in another kind of run: nothing went wrong
    kFailed,     // never
  };
  Kind kind = Kind::kDeferred;
  std::string dsn;    // "2.0.0"; empty: log lines have none
  std::string stat;   // "Sent", "User unknown", "Deferred: Connection reset by local"
  std::string reply;  // what log lines show as reply=; empty: nothing
  // The recipient's own M line of the qf file; empty: none.
  std::string queue_text;
  // What the diagnostic of a report is made from: a reply, or the number of an exit code.
  std::string diagnostic;
  // The Status field of a report, where it is not that of log lines.
  std::string status;
  // The code in OutcomeLine(), where it is not that of log lines.
  std::string line_dsn;
  // Remote-MTA of a report: who has said so; empty: nobody did.
  std::string remote_mta;
  // Who has said so, where it is not whom the mailer's report names: "mail.dom1.example.
  // [192.0.2.71]".
  std::string relay;
  int exit_code = 0;         // of sysexits
  Errno error = Errno::kOk;  // what a connection has failed with
  // The server has said that it is the size: nobody would return the whole.
  bool too_large = false;
  // The server tells the sender itself if success was to be reported (RFC 3461).
  bool passed_on = false;
  // It is about this recipient alone, and has lines of its own; the others of a transaction that
  // fare alike share theirs.
  bool alone = false;
  // The server has said no to the recipient, not to the message.
  bool at_recipient = false;
  // Of kSent: the server knows DELIVERBY, too, and sees to the time (RFC 2852).
  bool deliver_by = false;

  bool done() const { return kind == Kind::kSent || kind == Kind::kDiscarded; }
};

DeliveryResult Sent(std::string dsn);

// What a code of sysexits says of one recipient. `mailer` and `path` name the program in the text
// of EX_TEMPFAIL. Codes that mean nothing are "unknown mailer error 3", for good.
DeliveryResult ResultOfExitCode(int code, absl::string_view mailer, absl::string_view path);

// The same for the end of a program: a signal is a temporary failure.
DeliveryResult ResultOfExit(const ExitStatus& status, absl::string_view mailer,
                            absl::string_view path);

// What a reply was to, and of whom.
struct ReplyContext {
  ReplyStage stage = ReplyStage::kMessage;
  bool lmtp = false;
  // The server has offered ENHANCEDSTATUSCODES; the codes of others are words like any other.
  bool enhanced = true;
};
DeliveryResult ResultOfReply(const ServerReply& reply, const ReplyContext& context);

// Deferred, with a text that says why.
DeliveryResult Deferred(absl::string_view dsn, absl::string_view why);

// What `error` has done to a connection with `host`: "Connection refused by mail.dom1.example.",
// "mail.dom1.example.: Network is unreachable". REQUIRES: error is not kOk.
std::string ConnectionErrorText(Errno error, absl::string_view host);

// The line that transcripts of reports, and -v, have of it: "550 5.1.1 <x@dom1.example>... User
// unknown", "554 5.0.0 Service unavailable", "<x@dom1.example>,<y@dom1.example>... Deferred: …".
// `to` are the recipients as they are shown, with ',' between.
std::string OutcomeLine(const DeliveryResult& result, absl::string_view to);

// One line without control characters: fit for log lines and qf files.
std::string OneLine(absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_DELIVERY_RESULT_H_
