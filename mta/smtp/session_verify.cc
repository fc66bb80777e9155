// VRFY and EXPN.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mta/expand/expander.h"
#include "mta/smtp/collected_message.h"
#include "mta/smtp/session.h"

namespace stagepost {
namespace {

// Keeps the first error.
class FirstError final : public ExpansionObserver {
 public:
  void Note(const ExpansionNote& note) override {
    if (note.code.empty() || error.has_value()) return;
    error = note;
  }
  std::optional<ExpansionNote> error;
};

// Keeps the last one that is nobody's address.
class LastUnknown final : public ExpansionObserver {
 public:
  void Note(const ExpansionNote& note) override {
    if (note.code == "550") error = note;
  }
  std::optional<ExpansionNote> error;
};

bool IsListed(const SendEntry& entry) {
  return entry.state == SendState::kSend || entry.state == SendState::kVerified ||
         entry.state == SendState::kDeferred;
}

}  // namespace

// Of the addresses of Errors-To all must be there. Nothing is sent to them, as with sendmail, whose
// reports go to the sender of the envelope.
Task<void> Session::CheckErrorsTo(Collected& collected) {
  if (!options().Flag(OptionId::kUseErrorsTo)) co_return;
  for (const HeaderField& field : Header(collected.headers.header())) {
    if (!absl::EqualsIgnoreCase(field.name, "Errors-To")) continue;
    LastUnknown observer;
    SendList list;
    Macros macros(&macros_);
    Expander expander(*context_.site, macros, {.id = Id(), .observer = &observer});
    co_await expander.AddList(list, field.value);
    if (!observer.error.has_value()) continue;
    collected.Refuse(Reply(550, observer.error->enhanced, observer.error->Line()));
  }
}

Task<void> Session::Verify(const Command& command) {
  const bool expand = command.verb == Verb::kExpn;
  const std::string shown(absl::StripAsciiWhitespace(command.line));
  co_await Delay(ThrottledCommand::kVerifyOrExpand, expand ? "EXPN" : "VRFY");
  any_mail_ = true;
  const bool rejected = expand ? !features_.expn : options().Has(PrivacyFlag::kNoVrfy);
  Log(5, Severity::kInfo,
      absl::StrCat(relay_, ": ", Shortened(shown), rejected ? " [rejected]" : ""));
  if (rejected) {
    Send(expand ? Reply(502, "5.7.0", "Sorry, we do not allow this operation")
                : Reply(252, "2.5.2",
                        "Cannot VRFY user; try RCPT to attempt delivery (or try finger)"));
    co_return;
  }
  if (helo_.empty() &&
      options().Has(expand ? PrivacyFlag::kNeedExpnHelo : PrivacyFlag::kNeedVrfyHelo)) {
    Send(Reply(503, "5.0.0", "I demand that you introduce yourself first"));
    co_return;
  }
  if (command.argument.empty()) {
    Send(Reply(501, "5.5.2", "Argument required"));
    co_return;
  }
  Verdict verdict =
      co_await Ask({.ruleset = expand ? "check_expn" : "check_vrfy", .argument = command.argument},
                   /*with_id=*/false);
  if (verdict.refused()) {
    Send(std::move(verdict.reply));
    co_return;
  }
  Send(co_await ExpandForClient(command.argument, expand));
}

Task<Reply> Session::ExpandForClient(absl::string_view argument, bool expand) {
  FirstError observer;
  SendList list;
  Macros macros(&macros_);
  Expander expander(*context_.site, macros,
                    {.mode = expand ? ExpandMode::kFull : ExpandMode::kVerify,
                     .id = Id(),
                     .observer = &observer});
  co_await expander.AddList(list, argument);
  // Who waits for a name server is there as long as nobody knows better.
  const bool passing = observer.error.has_value() && absl::StartsWith(observer.error->code, "4") &&
                       !list.entries.empty() &&
                       std::all_of(list.entries.begin(), list.entries.end(),
                                   [](const SendEntry& entry) { return entry.mailer != nullptr; });
  if (observer.error.has_value() && !passing) {
    const ExpansionNote& error = *observer.error;
    int code = 550;
    (void)absl::SimpleAtoi(error.code, &code);
    const absl::string_view unknown = code < 500 ? "4.0.0" : "5.0.0";
    co_return Reply(code, error.enhanced.empty() ? unknown : error.enhanced, error.Line());
  }
  std::vector<std::string> lines;
  bool local = true;
  for (const SendEntry& entry : list.entries) {
    if (!IsListed(entry)) continue;
    ++transaction_.counted;
    lines.push_back(ListingOf(entry, host_name_));
    local = local && entry.mailer != nullptr && entry.mailer->Has('q');
  }
  if (lines.empty()) co_return Reply(550, "5.1.1", "User unknown");
  Reply reply(expand || local ? 250 : 252, "2.1.5", lines[0]);
  for (size_t i = 1; i < lines.size(); ++i) reply.AddLine(absl::StrCat("2.1.5 ", lines[i]));
  co_return reply;
}

}  // namespace stagepost
