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
  // What the diagnostic of a bounce is made from: a reply, or the number of an exit code.
  std::string diagnostic;
  int exit_code = 0;         // of sysexits
  Errno error = Errno::kOk;  // what a connection has failed with

  // The server did not even let us in: reports leave out its name.
  bool turned_away = false;

  bool done() const { return kind == Kind::kSent || kind == Kind::kDiscarded; }
};

DeliveryResult Sent(std::string dsn);

// What a code of sysexits says of one recipient. `mailer` and `path` name the program in the text
// of EX_TEMPFAIL. Codes that mean nothing are "unknown mailer error 3", for good.
DeliveryResult ResultOfExitCode(int code, absl::string_view mailer, absl::string_view path);

// The same for the end of a program: a signal is a temporary failure.
DeliveryResult ResultOfExit(const ExitStatus& status, absl::string_view mailer,
                            absl::string_view path);

DeliveryResult ResultOfReply(const ServerReply& reply, ReplyStage stage);

// Deferred, with a text that says why.
DeliveryResult Deferred(absl::string_view dsn, absl::string_view why);

// What `error` has done to a connection with `host`: "Connection refused by mail.dom1.example.",
// "mail.dom1.example.: Network is unreachable". REQUIRES: error is not kOk.
std::string ConnectionErrorText(Errno error, absl::string_view host);

// One line without control characters: fit for log lines and qf files.
std::string OneLine(absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_DELIVERY_RESULT_H_
