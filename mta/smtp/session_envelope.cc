// MAIL and RCPT.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/smtp/session.h"

namespace stagepost {

Task<absl::Status> Session::Mail(absl::string_view argument) {
  any_mail_ = true;
  if (transaction_.sender_ok) {
    Send(Reply(503, "5.5.0", "Sender already specified"));
    co_return absl::OkStatus();
  }
  const auto parsed = ParsePathArgument("FROM", argument);
  if (const auto* refusal = std::get_if<Reply>(&parsed)) {
    Send(*refusal);
    co_return absl::OkStatus();
  }
  const PathArgument& from = std::get<PathArgument>(parsed);
  transaction_ = Transaction();
  if (client_.helo.empty()) {
    Log(Severity::kInfo, absl::StrCat("Authentication-Warning: ", context_.settings.host_name, ": ",
                                      client_.name, " didn't use HELO protocol"));
  }
  AddressDecision decision = co_await context_.acceptance.CheckSender(client_, from.path);
  // An address that is none is refused for that reason, whatever parameters came with it; policy is
  // asked of a complete command only.
  const bool understood = decision.reply.positive() || decision.by_policy;
  if (understood) {
    if (const auto refusal = TakeMailParameters(from.parameters); refusal != nullptr) {
      transaction_.sender_path = from.path;
      transaction_.mail_given = refusal->code == 552;  // sendmail logs what was too big
      Send(*refusal);
      Reset();
      co_return absl::OkStatus();
    }
    transaction_.mail_given = true;
    transaction_.sender_path = from.path;
  }
  Send(decision.reply);
  if (decision.reply.positive()) {
    transaction_.sender_ok = true;
    transaction_.sender = std::move(decision.address);
    transaction_.sender_bracketed = absl::StrContains(from.path, '<');
  } else {
    if (decision.by_policy) LogRefusal("check_mail", decision, from.path);
    Reset();
  }
  co_return absl::OkStatus();
}

std::unique_ptr<Reply> Session::TakeMailParameters(const std::vector<Parameter>& parameters) {
  const int64_t limit = context_.settings.max_message_bytes;
  for (const Parameter& parameter : parameters) {
    const std::string keyword(parameter.keyword);
    if (absl::EqualsIgnoreCase(keyword, "SIZE")) {
      const auto size = ParseSize(parameter.value);
      if (!size.has_value()) {
        return std::make_unique<Reply>(501, "5.5.2", "SIZE requires a value");
      }
      transaction_.size = *size;
      if (limit > 0 && *size > limit) {
        return std::make_unique<Reply>(
            552, "5.2.3",
            absl::StrCat("Message size exceeds fixed maximum message size (", limit, ")"));
      }
    } else if (absl::EqualsIgnoreCase(keyword, "BODY")) {
      if (!parameter.has_value) {
        return std::make_unique<Reply>(501, "5.5.2", "BODY requires a value");
      }
      transaction_.body_8bitmime = absl::EqualsIgnoreCase(parameter.value, "8BITMIME");
      transaction_.body_7bit = absl::EqualsIgnoreCase(parameter.value, "7BIT");
      if (!transaction_.body_8bitmime && !transaction_.body_7bit) {
        return std::make_unique<Reply>(
            501, "5.5.4", absl::StrCat("Unknown BODY type ", Shortened(parameter.value)));
      }
    } else {
      return std::make_unique<Reply>(555, "5.5.4",
                                     absl::StrCat(Shortened(keyword), " parameter unrecognized"));
    }
  }
  return nullptr;
}

Task<absl::Status> Session::Rcpt(absl::string_view argument) {
  if (!transaction_.sender_ok) {
    Send(Reply(503, "5.0.0", "Need MAIL before RCPT"));
    co_return absl::OkStatus();
  }
  const auto parsed = ParsePathArgument("TO", argument);
  if (const auto* refusal = std::get_if<Reply>(&parsed)) {
    Log(Severity::kNotice, refusal->lines.front());
    Send(*refusal);
    co_return absl::OkStatus();
  }
  const PathArgument& to = std::get<PathArgument>(parsed);
  if (!to.parameters.empty()) {
    // We offer no extension that has parameters of RCPT.
    const std::string text =
        absl::StrCat(Shortened(to.parameters.front().keyword), " parameter unrecognized");
    Log(Severity::kNotice, text);
    Send(Reply(555, "5.5.4", text));
    co_return absl::OkStatus();
  }
  if (transaction_.spellings.size() >= kMaxRecipientsPerMessage) {
    Send(Reply(452, "4.5.3", "Too many recipients"));
    co_return absl::OkStatus();
  }
  AddressDecision decision = co_await context_.acceptance.CheckRecipient(client_, to.path);
  if (decision.reply.positive()) {
    AddRecipient(std::move(decision), to.path);
    co_return absl::OkStatus();
  }
  if (decision.unknown_user) ++transaction_.considered;
  LogRefusal("check_rcpt", decision, to.path);
  Send(decision.reply);
  co_return absl::OkStatus();
}

void Session::AddRecipient(AddressDecision decision, absl::string_view path) {
  const auto [known, is_new] = transaction_.spellings.try_emplace(decision.key, path);
  if (!is_new) {
    Send(Reply(250, "2.1.5", absl::StrCat(Shortened(known->second), "... Recipient ok")));
    return;
  }
  ++transaction_.considered;
  Send(decision.reply);
  // Another name of a mailbox that gets the message already brings no second copy.
  if (!transaction_.mailboxes.insert(decision.recipient.user).second) return;
  Recipient& recipient = transaction_.recipients.emplace_back(std::move(decision.recipient));
  recipient.final_recipient = absl::StrCat("RFC822; ", recipient.address);
  if (!absl::StrContains(recipient.address, '@')) {
    absl::StrAppend(&recipient.final_recipient, "@", context_.settings.host_name);
  }
}

void Session::LogRefusal(absl::string_view ruleset, const AddressDecision& decision,
                         absl::string_view path) {
  if (!decision.by_policy) {
    Log(Severity::kNotice, decision.reply.lines.front());
    return;
  }
  Log(Severity::kNotice, absl::StrCat("ruleset=", ruleset, ", arg1=", Shortened(path), ", relay=",
                                      client_.name, ", reject=", decision.reply.Text()));
}

}  // namespace stagepost
