// One run of one mailer: what it works with, and what came of it.
//
// Made by a delivery job, which has put recipients together that a mailer can serve at once. Ran by
// RunArgumentMailer(), RunLmtpMailer() or RunFileMailer().
#ifndef STAGEPOST_MTA_DELIVER_MAILER_RUN_H_
#define STAGEPOST_MTA_DELIVER_MAILER_RUN_H_

#include <optional>
#include <string>
#include <vector>

#include "mta/cf/configuration.h"
#include "mta/cf/macros.h"
#include "mta/deliver/delivery_result.h"
#include "mta/expand/send_list.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"

namespace stagepost {

// What a transcript keeps of one program's output; the rest is read and dropped.
inline constexpr size_t kMaxTranscript = 32 * 1024;

// All of it outlives the run.
struct MailerRun {
  Site& site;
  QueuedMessage& message;
  Macros& macros;  // of this run, their parent the envelope's: $g $h $u $z are set
  const Mailer& mailer;
  // $g: the envelope sender as this mailer sees it, without brackets; never empty.
  std::string sender = "";
  // "@corp.example": what header addresses without a domain get (flag C of the sender's mailer).
  std::string sender_domain = "";
  // The reverse-path is null: MAIL says so, whatever $g is.
  bool null_sender = false;
  // The sender's own mailer delivers here (flag l): nobody needs to be told the way back.
  bool local_sender = false;
  std::string host = "";  // $h
  // At least one. Quotes are taken out where the mailer's flags say so.
  std::vector<std::string> users = {};
  // The same ones as the qf file has them: how they are shown, NOTIFY and ORCPT.
  std::vector<Recipient> recipients = {};
  // As whom it runs if it runs as the recipient; nullopt: as the default user.
  std::optional<ControllingUser> controller = std::nullopt;
};

// A recipient that a host has put off, and that has been tried at another one since.
struct EarlierOutcome {
  size_t user = 0;  // in MailerRun::users
  DeliveryResult result;
};

// Another host that has been asked in vain for others, and of whom sendmail tells so all the same.
struct LaterOutcome {
  std::vector<size_t> users = {};  // in MailerRun::users
  DeliveryResult result = {};
  std::string relay = {};
};

struct MailerReport {
  std::vector<EarlierOutcome> earlier = {};
  std::optional<LaterOutcome> in_vain = {};
  std::vector<DeliveryResult> results;  // of the users, in their order
  std::string relay;                    // relay= of log lines; empty: none
  // What the mailer, or a server, said: for bounces.
  std::string transcript;
  // What mailq shows of the message, if it is not what became of the last recipient.
  std::string message_text;
  // The host could not be reached, or broke down: fewer deliveries to it at a time.
  bool host_failed = false;
};

// The same result for everybody.
MailerReport ReportForAll(const MailerRun& run, const DeliveryResult& result);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_MAILER_RUN_H_
