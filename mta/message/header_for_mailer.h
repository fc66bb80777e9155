// The header of a queued message as one mailer gets it. Operations Guide, 5.1.4 (rulesets 1, 2, S=,
// R=), 5.5 (mailer flags), 5.7.
//
// Conditional fields are left out or kept, fields that hold addresses are taken apart, each address
// rewritten for the mailer, and joined and folded again; the others stay as they are.
#ifndef STAGEPOST_MTA_MESSAGE_HEADER_FOR_MAILER_H_
#define STAGEPOST_MTA_MESSAGE_HEADER_FOR_MAILER_H_

#include <string>
#include <vector>

#include "mta/async/task.h"
#include "mta/cf/configuration.h"
#include "mta/message/body_plan.h"
#include "mta/queue/envelope.h"
#include "mta/rewrite/address.h"

namespace stagepost {

struct HeaderTarget {
  const Mailer& mailer;
  // $g: the envelope sender as this mailer sees it, without brackets, which NameForMailer() has
  // made: {.use = {.sender = true}, .canonical = true}. What Return-Path says.
  std::string sender;
  BodyPlan plan;
  // "@corp.example", what addresses without a domain get: that of the envelope sender if the mailer
  // it resolves to has flag C; else empty.
  std::string sender_domain = {};
};

struct HeaderText {
  // LF line ends, without the empty line behind.
  std::string text;
  // For the log, at Severity::kAlert: "Truncated MIME Content-Type header due to field size (length
  // = 311) (possible attack)".
  std::vector<std::string> alerts;
  // An address could not be rewritten now: as sendmail, it stays as it was. 0 or 75.
  int exit_code = 0;
};

// `context.macros` are the envelope's; $g becomes target.sender in them. All of it outlives the
// call.
Task<HeaderText> HeaderForMailer(AddressContext context, const Envelope& envelope,
                                 HeaderTarget target);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_HEADER_FOR_MAILER_H_
