// The bytes that a mailer which is not spoken to gets: the From line if it wants one, header and
// body, with the line ends of E= and the dots of flag X. Operations Guide, 5.4.
#ifndef STAGEPOST_MTA_DELIVER_OUTGOING_MAIL_H_
#define STAGEPOST_MTA_DELIVER_OUTGOING_MAIL_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/deliver/mailer_run.h"
#include "mta/message/body_plan.h"
#include "mta/message/message_text.h"

namespace stagepost {

// The message for this mailer, LF line ends; with its From line if `from_line` and flags say so.
// Its body is read from run.message; `offers_8bitmime` is what a server's LHLO said; nullopt: there
// is no server. kDataLoss: the mailer must not get it (eight bits that it cannot take), in the
// words of a reply.
Task<absl::StatusOr<std::unique_ptr<MessageText>>> TextForMailer(
    const MailerRun& run, bool from_line, std::optional<bool> offers_8bitmime);

// "From alice@corp.example Fri Nov 20 06:33:32 2026", as UnixFromLine says: one line, no line end.
std::string UnixFromLine(const MailerRun& run);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_OUTGOING_MAIL_H_
