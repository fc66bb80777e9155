#include "mta/bounce/notification.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "mta/message/date.h"
#include "mta/message/mailer_lines.h"

namespace stagepost {
namespace {

using Action = NotifiedRecipient::Action;
using Kind = Notification::Kind;

std::string WithoutLongLines(absl::string_view text) {
  MailerLines lines({.limit = kMaxReportLine});
  std::string bounded;
  lines.Take(text, bounded);
  lines.Finish(bounded);
  return bounded;
}

absl::string_view ActionText(Action action) {
  switch (action) {
    case Action::kFailed:
      return "failed";
    case Action::kDelayed:
      return "delayed";
    case Action::kDelivered:
      return "delivered (to mailbox)";
    case Action::kRelayed:
      return "relayed (to non-DSN-aware mailer)";
    case Action::kListed:
      return "delivered (to mailing list)";
    case Action::kNotifyRelayed:
      return "relayed (Deliver-By notify mode)";
    case Action::kTraceRelayed:
      return "relayed (Deliver-By trace mode)";
  }
  return "";
}

// What stands for itself, of xtext (RFC 3461, 4).
std::string FromXtext(absl::string_view text) {
  std::string plain;
  const auto is_digit = [&text](size_t at) {
    return at < text.size() && absl::ascii_isxdigit(static_cast<unsigned char>(text[at]));
  };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && is_digit(i + 1) && is_digit(i + 2)) {
      plain.append(absl::HexStringToBytes(text.substr(i + 1, 2)));
      i += 2;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

void Field(absl::string_view name, absl::string_view value, std::string& out) {
  if (!value.empty()) absl::StrAppend(&out, name, ": ", ReportLine(value), "\n");
}

// Empty: it is no success.
absl::string_view SuccessText(Action action) {
  switch (action) {
    case Action::kDelivered:
      return "successfully delivered to mailbox";
    case Action::kRelayed:
      return "relayed to non-DSN-aware mailer";
    case Action::kListed:
      return "successfully delivered to mailing list";
    case Action::kNotifyRelayed:
      return "Deliver-By notify: relayed";
    case Action::kTraceRelayed:
      return "Deliver-By trace: relayed";
    case Action::kFailed:
    case Action::kDelayed:
      break;
  }
  return "";
}

void AppendOrigin(const NotifiedRecipient& recipient, std::string& text) {
  if (recipient.expanded_from.empty()) return;
  absl::StrAppend(&text, "    (expanded from: ", ReportLine(recipient.expanded_from), ")\n");
}

void AppendFailures(const Notification& notification, std::string& text) {
  bool first = true;
  for (const NotifiedRecipient& recipient : notification.recipients) {
    if (recipient.action != Action::kFailed) continue;
    if (first) {
      absl::StrAppend(&text,
                      "\n   ----- The following addresses had permanent fatal errors -----\n");
    }
    first = false;
    absl::StrAppend(&text, ReportLine(recipient.address), "\n");
    if (!recipient.reason.empty()) {
      absl::StrAppend(&text, "    (reason: ", ReportLine(recipient.reason), ")\n");
    }
    AppendOrigin(recipient, text);
  }
}

// Only of time that the sender has set.
void AppendDelays(const Notification& notification, std::string& text) {
  if (notification.deliver_by == 0) return;
  absl::StrAppend(&text,
                  "\n   ----- The following addresses had transient non-fatal errors -----\n");
  for (const NotifiedRecipient& recipient : notification.recipients) {
    if (recipient.action != Action::kDelayed) continue;
    absl::StrAppend(&text, ReportLine(recipient.address), "\n");
    AppendOrigin(recipient, text);
  }
}

void AppendSuccesses(const Notification& notification, std::string& text) {
  bool first = true;
  for (const NotifiedRecipient& recipient : notification.recipients) {
    const absl::string_view how = SuccessText(recipient.action);
    if (how.empty() || !recipient.asked_for) continue;
    if (first) {
      absl::StrAppend(
          &text,
          "\n   ----- The following addresses had successful delivery notifications -----\n");
    }
    first = false;
    absl::StrAppend(&text, ReportLine(recipient.address), "  (", how, ")\n");
    AppendOrigin(recipient, text);
  }
}

std::string RecipientFields(const NotifiedRecipient& recipient, const Notification& notification,
                            const NotifiedMessage& message) {
  std::string fields;
  Field("Original-Recipient", FromXtext(recipient.original_recipient), fields);
  Field("Final-Recipient", recipient.final_recipient, fields);
  Field("X-Actual-Recipient", recipient.actual_recipient, fields);
  Field("Action", ActionText(recipient.action), fields);
  Field("Status", recipient.status, fields);
  if (!recipient.remote_mta.empty()) {
    Field("Remote-MTA", absl::StrCat("DNS; ", recipient.remote_mta), fields);
  }
  if (!recipient.diagnostic.empty()) {
    Field("Diagnostic-Code", absl::StrCat(recipient.diagnostic_type, "; ", recipient.diagnostic),
          fields);
  }
  Field("Last-Attempt-Date", FormatDate(message.now, message.zone), fields);
  if (recipient.action == Action::kDelayed && recipient.will_be_retried &&
      notification.retry_until.has_value()) {
    Field("Will-Retry-Until", FormatDate(*notification.retry_until, message.zone), fields);
  }
  return fields;
}

}  // namespace

std::string ReportLine(absl::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r' || c == '\0'; }, ' ');
  return line;
}

bool Notification::is_for_postmaster() const {
  return kind == Kind::kPostmasterCopy || kind == Kind::kFromNobody || kind == Kind::kDoubleBounce;
}

absl::string_view Notification::log_name() const {
  if (kind == Kind::kDoubleBounce) return "return to sender";
  if (kind == Kind::kWarning || late) return "sender notify";
  return is_for_postmaster() ? "postmaster notify" : "DSN";
}

std::string Notification::subject() const {
  switch (kind) {
    case Kind::kFailure:
      return "Returned mail: see transcript for details";
    case Kind::kWarning:
      if (deliver_by != 0) {
        return absl::StrCat("Warning: Delivery time (", deliver_by, "s) exceeded");
      }
      return absl::StrCat("Warning: could not send message for past ", interval);
    case Kind::kSuccess:
      return "Return receipt";
    case Kind::kPostmasterCopy:
    case Kind::kFromNobody:
    case Kind::kDoubleBounce:
      return "Postmaster notify: see transcript for details";
  }
  return "";
}

absl::string_view Notification::auto_submitted() const {
  switch (kind) {
    case Kind::kFailure:
      return "auto-generated (failure)";
    case Kind::kWarning:
      return "auto-generated (warning-timeout)";
    case Kind::kSuccess:
      return "auto-generated (return-receipt)";
    case Kind::kPostmasterCopy:
    case Kind::kFromNobody:
    case Kind::kDoubleBounce:
      return "auto-generated (postmaster-notification)";
  }
  return "";
}

std::string NotificationText(const Notification& notification, const NotifiedMessage& message) {
  std::string text;
  const bool has_failures =
      std::any_of(notification.recipients.begin(), notification.recipients.end(),
                  [](const NotifiedRecipient& r) { return r.action == Action::kFailed; });
  if (notification.kind == Kind::kWarning && !has_failures) {
    absl::StrAppend(&text, "    **********************************************\n",
                    "    **      THIS IS A WARNING MESSAGE ONLY      **\n",
                    "    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n",
                    "    **********************************************\n\n");
  }
  absl::StrAppend(&text, "The original message was received at ",
                  FormatDate(message.arrival, message.zone), "\nfrom ", ReportLine(message.relay),
                  "\n");
  if (notification.is_for_postmaster()) {
    absl::StrAppend(&text, "with id ", message.id, "\n");
  }
  if (!message.preface.empty() && notification.kind != Kind::kSuccess) {
    absl::StrAppend(&text, "\n", message.preface);
    if (!absl::EndsWith(text, "\n")) text.push_back('\n');
  }
  AppendFailures(notification, text);
  AppendDelays(notification, text);
  AppendSuccesses(notification, text);
  if (!notification.transcript.empty()) {
    absl::StrAppend(&text, "\n   ----- Transcript of session follows -----\n",
                    absl::StrReplaceAll(notification.transcript,
                                        {{"\r", ""}, {absl::string_view("\0", 1), ""}}));
    if (!absl::EndsWith(text, "\n")) text.push_back('\n');
  }
  return WithoutLongLines(text);
}

std::string DeliveryStatus(const Notification& notification, const NotifiedMessage& message) {
  std::string status;
  Field("Original-Envelope-Id", FromXtext(message.envelope_id), status);
  Field("Reporting-MTA", absl::StrCat("dns; ", message.host_name), status);
  if (!notification.received_from.empty()) {
    Field("Received-From-MTA", absl::StrCat("DNS; ", notification.received_from), status);
  }
  Field("Arrival-Date", FormatDate(message.arrival, message.zone), status);
  if (message.deliver_by.has_value()) {
    Field("Deliver-By-Date", FormatDate(*message.deliver_by, message.zone), status);
  }
  for (const NotifiedRecipient& recipient : notification.recipients) {
    absl::StrAppend(&status, "\n", RecipientFields(recipient, notification, message));
  }
  status.push_back('\n');
  return WithoutLongLines(status);
}

std::string IntervalText(absl::Duration interval) {
  struct Unit {
    absl::Duration length;
    absl::string_view name;
  };
  const Unit kUnits[] = {{absl::Hours(7 * 24), "week"},
                         {absl::Hours(24), "day"},
                         {absl::Hours(1), "hour"},
                         {absl::Minutes(1), "minute"},
                         {absl::Seconds(1), "second"}};
  std::string text;
  for (const Unit& unit : kUnits) {
    const int64_t count = absl::IDivDuration(interval, unit.length, &interval);
    if (count <= 0) continue;
    absl::StrAppend(&text, text.empty() ? "" : " ", count, " ", unit.name, count == 1 ? "" : "s");
  }
  return text.empty() ? "zero seconds" : text;
}

std::string HostOfRelay(absl::string_view relay) {
  relay = relay.substr(0, relay.find(' '));
  const size_t at = relay.find('@');
  return std::string(at == relay.npos ? relay : relay.substr(at + 1));
}

}  // namespace stagepost
