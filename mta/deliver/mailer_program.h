// The program of a mailer: its path, arguments, identity, directory and environment, as the M line
// and the recipient say. Operations Guide, 5.4 (M lines), 5.6 (DefaultUser, TimeZoneSpec).
#ifndef STAGEPOST_MTA_DELIVER_MAILER_PROGRAM_H_
#define STAGEPOST_MTA_DELIVER_MAILER_PROGRAM_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/deliver/mailer_run.h"
#include "mta/env/identity.h"
#include "mta/env/programs.h"

namespace stagepost {

// Arguments of one program; more than any mailer has recipients and options.
inline constexpr size_t kMaxMailerArguments = 1000;

// Whether A= speaks of $u: without it, the mailer is spoken to (LMTP) on its standard input.
bool TakesUsersAsArguments(const Mailer& mailer);

// [IPC] and its other names: it connects to a host.
bool IsNetworkMailer(const Mailer& mailer);

// A= with the macros put in: an argument with $u stands there once for each user. With flag f, or
// r,
// "-f", or "-r", and the sender come behind the first one.
// kResourceExhausted: too many, or too long.
absl::StatusOr<Arguments> MailerArguments(const MailerRun& run);

// Whose identity a run has. Flag S: our own, or U=. Else U=; else, with flag o, the controlling
// user's, unless that is root; else DefaultUser's. nullopt: our own.
std::optional<Identity> MailerIdentity(const MailerRun& run);

// What children get: the E lines, AGENT=sendmail, TZ as TimeZoneSpec says, and nothing else.
std::map<std::string, std::string> MailerEnvironment(Site& site);

// Text of the configuration with macros, as $h in P= or $z in D=. On error, as it stands.
std::string ExpandText(Site& site, const Macros& macros, absl::string_view text);

// The request, ready to be started, with a pipe at its standard input. kFailedPrecondition:
// something that this version cannot do (/=).
Task<absl::StatusOr<ProgramRequest>> MailerProgram(const MailerRun& run);

// Before a program is started: logs what is unsafe about it, as sendmail does, which goes on all
// the same.
Task<void> WarnOfUnsafeProgram(const MailerRun& run, std::string path);

// What a program that could not be started comes to; logs why.
DeliveryResult CannotStart(const MailerRun& run, absl::string_view path,
                           const absl::Status& status);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_MAILER_PROGRAM_H_
