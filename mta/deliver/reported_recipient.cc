#include "mta/deliver/reported_recipient.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/quotes.h"
#include "mta/base/sysexits.h"
#include "mta/rewrite/address.h"

namespace stagepost {
namespace {

// What sendmail says of the exit codes of mailers in replies and in reports: the reply's code, and
// the status where it is not that of the log.
struct ExitReply {
  int exit_code;
  absl::string_view reply;
  absl::string_view status;
};
constexpr ExitReply kExitReplies[] = {
    {kExitUsage, "500", "5.5.4"},        {kExitDataError, "501", "5.5.2"},
    {kExitNoInput, "550", "5.3.0"},      {kExitNoUser, "550", "5.1.1"},
    {kExitNoHost, "550", "5.1.2"},       {kExitUnavailable, "554", "5.5.0"},
    {kExitSoftware, "554", "5.5.0"},     {kExitOsFile, "554", "5.5.0"},
    {kExitCannotCreate, "550", "5.3.0"}, {kExitProtocol, "554", "5.5.0"},
    {kExitNoPermission, "550", "5.3.0"}, {kExitConfiguration, "554", "5.5.0"},
};
constexpr ExitReply kUnknownExit = {-1, "554", "5.0.0"};

const ExitReply& ReplyOf(int exit_code) {
  for (const ExitReply& reply : kExitReplies) {
    if (reply.exit_code == exit_code) return reply;
  }
  return kUnknownExit;
}

bool IsNumber(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

// "550 5.1.1 User unknown" with the address where replies name it.
std::string WithAddress(absl::string_view reply, const Recipient& recipient) {
  if (!ReplyNamesAddress(reply)) return std::string(reply);
  // The words stand behind the codes.
  size_t words = reply.find(' ');
  if (words != reply.npos && words + 1 < reply.size() &&
      absl::ascii_isdigit(static_cast<unsigned char>(reply[words + 1])) &&
      reply.size() > words + 2 && reply[words + 2] == '.') {
    words = reply.find(' ', words + 1);
  }
  if (words == reply.npos) return std::string(reply);
  return absl::StrCat(reply.substr(0, words + 1), ShownAddress(recipient), "... ",
                      reply.substr(words + 1));
}

// What stands behind the codes of a reply; all of it if there are none.
absl::string_view WithoutCodes(absl::string_view text) {
  for (int codes = 0; codes < 2; ++codes) {
    const size_t end = text.find(' ');
    const absl::string_view word = text.substr(0, end);
    const bool is_code =
        end != text.npos && !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
          return c == '.' || absl::ascii_isdigit(static_cast<unsigned char>(c));
        });
    if (!is_code) break;
    text.remove_prefix(end + 1);
  }
  return text;
}

std::string HostName(Site& site) {
  Configuration& configuration = site.configuration();
  const Text* name = configuration.macros.Find(OneCharacterName('j'));
  if (name == nullptr) return "";
  return configuration.macros.ExpandToString(*name, configuration.names).value_or("");
}

// "rfc822; alice@mx1.corp.example", "X-Unix; |prog".
std::string ActualRecipient(Site& site, const ReportedRecipient& reported) {
  if (site.configuration().options.Has(PrivacyFlag::kNoActualRecipient)) return "";
  std::string type = reported.mailer == nullptr ? "" : reported.mailer->address_type;
  if (type.empty() || absl::EqualsIgnoreCase(type, "rfc822")) type = "rfc822";
  std::string user = reported.recipient.user;
  if (type != "rfc822") user = StripQuotes(user);
  if (user.empty())
    user = reported.recipient.address.substr(0, reported.recipient.address.find('@'));
  if (type == "rfc822" && !absl::StrContains(user, '@')) {
    absl::StrAppend(&user, "@", HostName(site));
  }
  return absl::StrCat(type, "; ", user);
}

// "mail.outside.example" of "mail.outside.example.".
std::string RemoteMta(const ReportedRecipient& reported) {
  if (reported.mailer == nullptr || reported.mailer->Has('l')) return "";
  return std::string(absl::StripSuffix(reported.result.remote_mta, "."));
}

}  // namespace

std::optional<NotifiedRecipient::Action> ReceiptFor(const Envelope& envelope,
                                                    const Recipient& recipient,
                                                    const Mailer& mailer, bool primary,
                                                    const DeliveryResult& result) {
  using Action = NotifiedRecipient::Action;
  const absl::string_view flags = recipient.flags;
  const bool asked = absl::StrContains(flags, 'S');
  if (asked && mailer.Has('l')) return Action::kDelivered;
  if (!primary) return std::nullopt;
  if (asked && !result.passed_on) return Action::kRelayed;
  const std::optional<DeliverBy>& by = envelope.deliver_by;
  const bool never = flags.find_first_of("SFD") == absl::string_view::npos;
  if (!by.has_value() || never) return std::nullopt;
  if (result.deliver_by && by->trace) return Action::kTraceRelayed;
  if (!result.deliver_by && by->mode == DeliverBy::Mode::kNotify) return Action::kNotifyRelayed;
  return std::nullopt;
}

NotifiedRecipient Notified(Site& site, const ReportedRecipient& reported,
                           NotifiedRecipient::Action action) {
  const DeliveryResult& result = reported.result;
  NotifiedRecipient notified;
  notified.action = action;
  notified.address = ShownAddress(reported.recipient);
  if (!reported.expanded_from.empty()) notified.expanded_from = reported.expanded_from.front();
  notified.original_recipient = reported.recipient.original_recipient;
  notified.final_recipient = reported.recipient.final_recipient;
  notified.actual_recipient = ActualRecipient(site, reported);
  notified.status = result.status.empty() ? result.dsn : result.status;
  notified.remote_mta = RemoteMta(reported);
  const bool failed = action == NotifiedRecipient::Action::kFailed;
  // Of what expansion has refused, only unknown users have a diagnostic.
  const bool told = !reported.in_expansion || result.exit_code == kExitNoUser;
  if (told) notified.diagnostic = result.diagnostic;
  const bool by_exit_code = IsNumber(notified.diagnostic);
  if (by_exit_code && failed && result.status.empty())
    notified.status = std::string(ReplyOf(result.exit_code).status);
  if (notified.status.empty()) notified.status = failed ? "5.0.0" : "4.0.0";
  notified.will_be_retried = !result.at_recipient;
  using Action = NotifiedRecipient::Action;
  notified.asked_for = absl::StrContains(reported.recipient.flags, 'S') ||
                       action == Action::kNotifyRelayed || action == Action::kTraceRelayed;
  if (action == Action::kDelivered) notified.status = "2.1.5";
  notified.diagnostic_type = "SMTP";
  if (reported.mailer != nullptr && !reported.mailer->diagnostic_type.empty() &&
      (by_exit_code || !absl::EqualsIgnoreCase(reported.mailer->diagnostic_type, "x-unix"))) {
    notified.diagnostic_type = reported.mailer->diagnostic_type;
  }
  notified.reason = notified.diagnostic;
  if (by_exit_code && &ReplyOf(result.exit_code) != &kUnknownExit) notified.reason = result.stat;
  if (by_exit_code && result.exit_code == kExitTemporaryFailure) notified.reason = "Deferred";
  // A server's reply is never the number of an exit code: there was none.
  if (by_exit_code && notified.diagnostic_type == "SMTP") {
    notified.diagnostic.clear();
    notified.reason.clear();
  }
  return notified;
}

std::string LogTextOf(const ReportedRecipient& failed) {
  const DeliveryResult& result = failed.result;
  if (failed.in_expansion && !failed.mailing_list.empty()) return "Unable to deliver mail";
  if (!failed.in_expansion || result.exit_code == kExitNoUser) return result.stat;
  return std::string(WithoutCodes(WithAddress(result.diagnostic, failed.recipient)));
}

}  // namespace stagepost
