#include "mta/smtp/mail_parameters.h"

#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace stagepost {
namespace {

// RFC 2852, section 4: nine digits.
constexpr int64_t kMaxDeliverBy = 999'999'999;

std::optional<Reply> NeedsValue(const Parameter& parameter, absl::string_view name) {
  if (parameter.has_value) return std::nullopt;
  return Reply(501, "5.5.2", absl::StrCat(name, " requires a value"));
}

std::optional<Reply> NoReceipts(absl::string_view keyword) {
  return Reply(504, "5.7.0",
               absl::StrCat("Sorry, ", keyword, " not supported, we do not allow DSN"));
}

std::optional<Reply> Duplicate(absl::string_view keyword) {
  return Reply(501, "5.5.0", absl::StrCat("Duplicate ", keyword, " parameter"));
}

std::optional<Reply> SyntaxError(absl::string_view keyword) {
  return Reply(501, "5.5.4", absl::StrCat("Syntax error in ", keyword, " parameter value"));
}

std::optional<Reply> Unrecognized(absl::string_view keyword) {
  return Reply(555, "5.5.4", absl::StrCat(Shortened(keyword), " parameter unrecognized"));
}

std::optional<Reply> ReadSize(const Parameter& parameter, const ParameterRules& rules,
                              MailParameters& parameters) {
  if (auto refusal = NeedsValue(parameter, "SIZE")) return refusal;
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  parameters.size = kMax;
  if (absl::StartsWith(parameter.value, "-")) {
    return Reply(552, "5.2.3", "Message size invalid");
  }
  const int64_t size = ParseSize(parameter.value);
  if (size == kMax) return Reply(552, "5.2.3", "Message size exceeds maximum value");
  parameters.size = size;
  const int64_t limit = rules.max_message_bytes;
  if (limit > 0 && size > limit) {
    return Reply(552, "5.2.3",
                 absl::StrCat("Message size exceeds fixed maximum message size (", limit, ")"));
  }
  return std::nullopt;
}

std::optional<Reply> ReadBody(const Parameter& parameter, MailParameters& parameters) {
  if (auto refusal = NeedsValue(parameter, "BODY")) return refusal;
  parameters.body_type = std::string(parameter.value);
  if (parameters.body_8bitmime() || parameters.body_7bit()) return std::nullopt;
  parameters.body_type.clear();
  return Reply(501, "5.5.4", absl::StrCat("Unknown BODY type ", Shortened(parameter.value)));
}

std::optional<Reply> ReadRet(const Parameter& parameter, MailParameters& parameters) {
  if (!parameters.ret.empty()) return Duplicate("RET");
  if (auto refusal = NeedsValue(parameter, "RET")) return refusal;
  if (!absl::EqualsIgnoreCase(parameter.value, "HDRS") &&
      !absl::EqualsIgnoreCase(parameter.value, "FULL")) {
    return Reply(501, "5.5.2",
                 absl::StrCat("Bad argument \"", Shortened(parameter.value), "\" to RET"));
  }
  parameters.ret = std::string(parameter.value);
  return std::nullopt;
}

std::optional<Reply> ReadEnvelopeId(const Parameter& parameter, MailParameters& parameters) {
  if (auto refusal = NeedsValue(parameter, "ENVID")) return refusal;
  if (!IsXtext(parameter.value)) return SyntaxError("ENVID");
  if (parameters.has_envelope_id) return Duplicate("ENVID");
  parameters.has_envelope_id = true;
  parameters.envelope_id = std::string(parameter.value);
  return std::nullopt;
}

std::optional<Reply> ReadAuth(const Parameter& parameter, MailParameters& parameters) {
  if (auto refusal = NeedsValue(parameter, "AUTH=")) return refusal;
  if (parameters.has_auth) return Duplicate("AUTH");
  if (!IsXtext(parameter.value)) return SyntaxError("AUTH");
  parameters.has_auth = true;
  parameters.auth = std::string(parameter.value);
  return std::nullopt;
}

// The seconds in front of the semicolon, which is removed with them; nullopt: it is missing.
std::optional<int64_t> TakeSeconds(absl::string_view& value) {
  size_t end = !value.empty() && (value[0] == '-' || value[0] == '+') ? 1 : 0;
  while (end < value.size() && absl::ascii_isdigit(value[end])) ++end;
  if (end == value.size() || value[end] != ';') return std::nullopt;
  int64_t seconds = 0;
  if (end > 0 && !absl::SimpleAtoi(value.substr(0, end), &seconds)) {
    seconds = std::numeric_limits<int64_t>::max();
  }
  value.remove_prefix(end + 1);
  return seconds;
}

std::optional<Reply> ReadDeliverBy(const Parameter& parameter, const ParameterRules& rules,
                                   MailParameters& parameters) {
  if (auto refusal = NeedsValue(parameter, "BY=")) return refusal;
  absl::string_view rest = parameter.value;
  const std::optional<int64_t> seconds = TakeSeconds(rest);
  if (!seconds.has_value()) return Reply(501, "5.5.2", "BY= missing ';'");
  if (*seconds > kMaxDeliverBy || *seconds < -kMaxDeliverBy) {
    return Reply(501, "5.5.2", absl::StrCat("BY=", Shortened(parameter.value), " out of range"));
  }
  const char mode = rest.empty() ? '?' : absl::ascii_toupper(rest[0]);
  if (mode != 'N' && mode != 'R') {
    return Reply(501, "5.5.2",
                 absl::StrCat("illegal by-mode '", rest.empty() ? "?" : rest.substr(0, 1), "'"));
  }
  DeliverBy by;
  by.seconds = *seconds;
  by.mode = mode == 'N' ? DeliverBy::Mode::kNotify : DeliverBy::Mode::kReturn;
  by.trace = rest.size() > 1 && absl::ascii_toupper(rest[1]) == 'T';
  if (by.mode == DeliverBy::Mode::kReturn && by.seconds <= 0) {
    return Reply(501, "5.5.4", "mode R requires BY time > 0");
  }
  if (rules.deliver_by_minimum > 0 && by.seconds > 0 && by.seconds < rules.deliver_by_minimum) {
    return Reply(555, "5.5.2",
                 absl::StrCat("time ", by.seconds, " less than ", rules.deliver_by_minimum));
  }
  parameters.deliver_by = by;
  return std::nullopt;
}

std::optional<Reply> ReadNotify(const Parameter& parameter, RcptParameters& parameters) {
  if (auto refusal = NeedsValue(parameter, "NOTIFY")) return refusal;
  parameters.has_notify = true;
  parameters.notify = std::string(parameter.value);
  parameters.success = parameters.failure = parameters.delay = false;
  if (absl::EqualsIgnoreCase(parameter.value, "NEVER")) return std::nullopt;
  for (const absl::string_view word : absl::StrSplit(parameter.value, ',')) {
    if (absl::EqualsIgnoreCase(word, "SUCCESS")) {
      parameters.success = true;
    } else if (absl::EqualsIgnoreCase(word, "FAILURE")) {
      parameters.failure = true;
    } else if (absl::EqualsIgnoreCase(word, "DELAY")) {
      parameters.delay = true;
    } else {
      return Reply(501, "5.5.4", absl::StrCat("Bad argument \"", Shortened(word), "\"  to NOTIFY"));
    }
  }
  return std::nullopt;
}

std::optional<Reply> ReadOriginalRecipient(const Parameter& parameter, RcptParameters& parameters) {
  if (auto refusal = NeedsValue(parameter, "ORCPT")) return refusal;
  const size_t semicolon = parameter.value.find(';');
  if (semicolon == absl::string_view::npos || semicolon == 0 ||
      !IsXtext(parameter.value.substr(semicolon + 1))) {
    return SyntaxError("ORCPT");
  }
  for (const char c : parameter.value.substr(0, semicolon)) {
    if (!absl::ascii_isalnum(c) && c != '-') return SyntaxError("ORCPT");
  }
  if (!parameters.original_recipient.empty()) return Duplicate("ORCPT");
  parameters.original_recipient = std::string(parameter.value);
  return std::nullopt;
}

}  // namespace

bool MailParameters::body_8bitmime() const { return absl::EqualsIgnoreCase(body_type, "8BITMIME"); }
bool MailParameters::body_7bit() const { return absl::EqualsIgnoreCase(body_type, "7BIT"); }

std::string RcptParameters::flags() const {
  if (!has_notify) return "PFD";
  return absl::StrCat("PN", success ? "S" : "", failure ? "F" : "", delay ? "D" : "");
}

std::optional<Reply> ReadMailParameter(const Parameter& parameter, const ParameterRules& rules,
                                       MailParameters& parameters) {
  const std::string keyword = absl::AsciiStrToUpper(parameter.keyword);
  if (keyword == "SIZE") return ReadSize(parameter, rules, parameters);
  if (keyword == "BODY") return ReadBody(parameter, parameters);
  if (keyword == "ENVID" || keyword == "RET") {
    if (!rules.receipts) return NoReceipts(keyword);
    return keyword == "RET" ? ReadRet(parameter, parameters)
                            : ReadEnvelopeId(parameter, parameters);
  }
  if (keyword == "AUTH") return ReadAuth(parameter, parameters);
  if (keyword == "BY" && rules.deliver_by_minimum >= 0) {
    return ReadDeliverBy(parameter, rules, parameters);
  }
  return Unrecognized(parameter.keyword);
}

std::optional<Reply> ReadRcptParameter(const Parameter& parameter, const ParameterRules& rules,
                                       RcptParameters& parameters) {
  const std::string keyword = absl::AsciiStrToUpper(parameter.keyword);
  if (keyword == "NOTIFY" || keyword == "ORCPT") {
    if (!rules.receipts) return NoReceipts(keyword);
    return keyword == "NOTIFY" ? ReadNotify(parameter, parameters)
                               : ReadOriginalRecipient(parameter, parameters);
  }
  return Unrecognized(parameter.keyword);
}

bool IsXtext(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (!absl::ascii_isgraph(text[i]) || text[i] == '=') return false;
    if (text[i] != '+') continue;
    if (i + 2 >= text.size() || !absl::ascii_isxdigit(text[i + 1]) ||
        !absl::ascii_isxdigit(text[i + 2])) {
      return false;
    }
    i += 2;
  }
  return true;
}

}  // namespace stagepost
