// Where a program's complaints go before it serves anybody: the log, and standard output, where
// sendmail's messages go. A program that is to speak SMTP there puts reply codes in front.
#ifndef STAGEPOST_MTA_DAEMON_REPORTER_H_
#define STAGEPOST_MTA_DAEMON_REPORTER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

// The login name of whoever runs this program, or the number where there is no such account.
std::string RealUserName(Environment& env);

// Prints `text` for whoever started us. That they may have closed the stream changes nothing.
Task<void> Print(ByteSink& stream, std::string text);

class Reporter {
 public:
  // `env` outlives the reporter.
  Reporter(Environment& env, bool speaks_smtp) : env_(env), speaks_smtp_(speaks_smtp) {}

  void set_speaks_smtp(bool speaks_smtp) { speaks_smtp_ = speaks_smtp; }

  // The system, or the configuration, fails: logged as "NOQUEUE: SYSERR(user): TEXT". `code` is
  // what SMTP has in front: another one where no call to the system has failed.
  Task<void> SystemError(std::string text, absl::string_view code = "451 4.0.0");
  // The same to the log alone.
  void LogSystemError(absl::string_view text);
  // The user asks for what cannot be: not logged.
  Task<void> UserError(std::string text);
  // Without any code.
  Task<void> Remark(std::string text);

 private:
  Environment& env_;
  bool speaks_smtp_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_REPORTER_H_
