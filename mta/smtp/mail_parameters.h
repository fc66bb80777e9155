// The parameters of MAIL and RCPT: SIZE (RFC 1870), BODY (RFC 6152), RET, ENVID, NOTIFY and ORCPT
// (RFC 3461), BY (RFC 2852), AUTH (RFC 4954), as sendmail reads them and with its replies.
#ifndef STAGEPOST_MTA_SMTP_MAIL_PARAMETERS_H_
#define STAGEPOST_MTA_SMTP_MAIL_PARAMETERS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/base/reply.h"
#include "mta/queue/envelope.h"
#include "mta/smtp/command_parser.h"

namespace stagepost {

// What this server lets a client ask for.
struct ParameterRules {
  bool receipts = true;            // DSN: RET, ENVID, NOTIFY, ORCPT
  int64_t deliver_by_minimum = 0;  // DeliverByMin; negative: no BY
  int64_t max_message_bytes = 0;   // MaxMessageSize; 0: no limit
};

struct MailParameters {
  std::optional<int64_t> size;
  std::string body_type;  // as it was given: "8BITMIME"; empty: not
  std::string envelope_id;
  bool has_envelope_id = false;
  std::string ret;  // as it was given: "FULL", "hdrs"; empty: not
  std::string auth;
  bool has_auth = false;
  std::optional<DeliverBy> deliver_by;

  bool body_8bitmime() const;
  bool body_7bit() const;
};

struct RcptParameters {
  bool has_notify = false;
  std::string notify;  // as it was given, for ${dsn_notify}
  bool success = false, failure = false, delay = false;
  std::string original_recipient;  // ORCPT

  // The letters of an R line.
  std::string flags() const;
};

// Each adds one parameter to `parameters`, or gives the reply that refuses it.
std::optional<Reply> ReadMailParameter(const Parameter& parameter, const ParameterRules& rules,
                                       MailParameters& parameters);
std::optional<Reply> ReadRcptParameter(const Parameter& parameter, const ParameterRules& rules,
                                       RcptParameters& parameters);

// xtext of RFC 3461, section 4: printable, '+' only in front of two hexadecimal digits.
bool IsXtext(absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_MAIL_PARAMETERS_H_
