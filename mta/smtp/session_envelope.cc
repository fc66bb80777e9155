// MAIL and RCPT.
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mta/cf/well_known_names.h"
#include "mta/expand/expander.h"
#include "mta/message/complete_header.h"
#include "mta/policy/rule_trace.h"
#include "mta/smtp/session.h"

namespace stagepost {
namespace {

// What the machine says about an address: the client hears of the first.
class FirstMessage final : public RewriteObserver {
 public:
  void Entered(absl::string_view, absl::Span<const Token>) override {}
  void Left(absl::string_view, absl::Span<const Token>) override {}
  bool WantsRulesets() const override { return false; }
  void Message(const RewriteMessage& message) override {
    if (!message.reply.empty() && !first.has_value()) first = message;
  }
  // Whether it makes the address one that nobody takes: what is repaired in a header, such as a
  // bracket without its partner, is refused here.
  bool fatal() const { return first.has_value() && absl::StartsWith(first->reply, "5"); }
  std::optional<RewriteMessage> first;
};

bool IsRefused(const std::optional<ParsedAddress>& parsed, const FirstMessage& observer) {
  return observer.fatal() || !parsed.has_value() || parsed->mailer == nullptr;
}

// "550 5.1.1 User unknown" as a reply, with `address` in front where its code wants that.
Reply ReplyFrom(absl::string_view text, absl::string_view address, bool names_address) {
  int code = 553;
  const absl::string_view first = text.substr(0, 3);
  if (text.size() > 3 && text[3] == ' ' && absl::SimpleAtoi(first, &code)) text.remove_prefix(4);
  std::string enhanced = code < 500 ? "4.0.0" : "5.0.0";
  const size_t blank = text.find(' ');
  const absl::string_view word = text.substr(0, blank);
  if (word.size() >= 5 && word[1] == '.' && (word[0] == '4' || word[0] == '5')) {
    enhanced = std::string(word);
    text = blank == absl::string_view::npos ? absl::string_view() : text.substr(blank + 1);
  }
  const std::string prefix = absl::StrCat(AddressInMessages(address), "... ");
  if (!names_address || absl::StartsWith(text, prefix)) return Reply(code, enhanced, text);
  return Reply(code, enhanced, absl::StrCat(prefix, text));
}

Reply TooManyParameters() { return Reply(501, "5.5.4", "Too many parameters"); }

// Why `message` refuses `address`, with `rest` behind it.
Reply RefuseAddress(const std::optional<RewriteMessage>& message, absl::string_view address,
                    absl::string_view rest) {
  if (!message.has_value()) {
    // Nothing but a comment: what stands behind it is no parameter.
    MailParameters parameters;
    for (const Parameter& parameter : ParseParameters(rest)) {
      if (auto refusal = ReadMailParameter(parameter, {}, parameters)) return *refusal;
    }
    return ReplyFrom("553 5.1.3 User address required", address, true);
  }
  const absl::string_view named =
      message->address.empty() ? address : absl::string_view(message->address);
  const absl::string_view code = absl::string_view(message->reply).substr(0, 3);
  const bool has_enhanced = message->reply.size() > 3;
  return ReplyFrom(absl::StrCat(message->reply, has_enhanced ? " " : " 5.0.0 ", message->text),
                   named, message->names_address && ReplyNamesAddress(code));
}

// What an entry of the send list says is wrong with `path`, which may have been given before in
// other words.
Reply RefuseEntry(const SendEntry& entry, absl::string_view path) {
  std::string text = entry.text;
  const std::string named = absl::StrCat(AddressInMessages(entry.address), "... ");
  const size_t place = text.find(named);
  if (place != std::string::npos) text.erase(place, named.size());
  return ReplyFrom(text, path, ReplyNamesAddress(absl::string_view(text).substr(0, 3)));
}

absl::string_view WithoutBrackets(absl::string_view path) {
  while (!path.empty() && (path.front() == ' ' || path.front() == '\t')) path.remove_prefix(1);
  if (path.empty() || path[0] != '<') return path;
  const size_t end = path.rfind('>');
  return path.substr(1, end == absl::string_view::npos ? end : end - 1);
}

void DefineAddress(const ParsedAddress& parsed, NameId mailer, NameId host, NameId address,
                   Macros& macros) {
  macros.SetLiteral(mailer, parsed.mailer_name());
  absl::string_view name = parsed.host.has_value() ? absl::string_view(*parsed.host) : "";
  if (absl::EndsWith(name, ".")) name.remove_suffix(1);
  macros.SetLiteral(host, name);
  macros.SetLiteral(address, parsed.user);
}

}  // namespace

Task<void> Session::Mail(absl::string_view argument) {
  co_await DelayForLoad();
  any_mail_ = true;
  if (auto refusal = MailOutOfPlace(); refusal.has_value()) {
    Send(*std::move(refusal));
    co_return;
  }
  if (auto refusal = SkipPathKeyword("FROM", argument); refusal.has_value()) {
    Send(*std::move(refusal));
    co_return;
  }
  // What came before, VRFY perhaps, belongs to the same envelope.
  transaction_.mail_given = false;
  if (helo_.empty() && options().Has(PrivacyFlag::kAuthWarnings)) {
    transaction_.warning = absl::StrCat(host_name_, ": ", relay_, " didn't use HELO protocol");
    Log(3, Severity::kInfo, absl::StrCat("Authentication-Warning: ", transaction_.warning));
  }
  (void)Id();
  if (!co_await HasDiskSpace(0)) co_return;
  co_await ReadMail(argument);
}

std::optional<Reply> Session::MailOutOfPlace() const {
  if (helo_.empty() && options().Has(PrivacyFlag::kNeedMailHelo)) {
    return Reply(503, "5.0.0", "Polite people say HELO first");
  }
  if (transaction_.sender_ok) return Reply(503, "5.5.0", "Sender already specified");
  if (features_.auth_required) return Reply(530, "5.7.0", "Authentication required");
  return std::nullopt;
}

Task<bool> Session::HasDiskSpace(int64_t bytes) {
  const absl::StatusOr<bool> room = co_await context_.queue.HasRoom(Id(), client_.name, bytes);
  if (room.ok() && *room) co_return true;
  Send(Reply(452, "4.4.5", "Insufficient disk space; try again later"));
  co_return false;
}

Task<void> Session::ReadMail(absl::string_view argument) {
  FirstMessage observer;
  RuleTrace told(context_.env.trace(), &observer);
  size_t end = argument.size();
  const std::optional<ParsedAddress> parsed = co_await ParseAddress(
      RewriteContext(told.observer()), argument, {.use = {.sender = true}, .delimiter = ' '}, &end);
  const absl::string_view path = argument.substr(0, end);
  if (IsRefused(parsed, observer)) {
    if (!observer.first.has_value()) {
      Log(2, Severity::kNotice,
          absl::StrCat("setsender: ", Shortened(argument),
                       ": invalid or unparsable, received from ", relay_));
      transaction_.sender_path = "MAILER-DAEMON";
      transaction_.mail_given = true;
    }
    Send(RefuseAddress(observer.first, path, argument.substr(end)));
    Reset();
    co_return;
  }
  transaction_.sender_path = std::string(path);
  transaction_.sender = std::string(WithoutBrackets(path));
  transaction_.full_name = FullNameOf(*parsed);
  transaction_.mail_given = true;
  Macros& macros = transaction_.macros;
  macros.SetLiteral(well_known::kMailFrom, path);
  macros.SetLiteral(OneCharacterName('f'), transaction_.sender);
  DefineAddress(*parsed, well_known::kMailMailer, well_known::kMailHost, well_known::kMailAddr,
                macros);
  const ParameterRules rules = Rules();
  size_t count = 0;
  for (const Parameter& parameter : ParseParameters(argument.substr(end))) {
    auto refusal = ReadMailParameter(parameter, rules, transaction_.parameters);
    if (!refusal.has_value() && ++count > kMaxParameters) refusal = TooManyParameters();
    if (!refusal.has_value()) continue;
    Send(*std::move(refusal));
    Reset();
    co_return;
  }
  co_await CheckSender();
}

ParameterRules Session::Rules() const {
  return {.receipts = features_.dsn,
          .deliver_by_minimum = absl::ToInt64Seconds(options().Interval(OptionId::kDeliverByMin)),
          .max_message_bytes = options().Number(OptionId::kMaxMessageSize)};
}

Task<void> Session::CheckSender() {
  const MailParameters& parameters = transaction_.parameters;
  Macros& macros = transaction_.macros;
  if (parameters.size.has_value()) {
    macros.SetLiteral(well_known::kMsgSize, absl::StrCat(*parameters.size));
  }
  if (!parameters.ret.empty()) macros.SetLiteral(well_known::kDsnRet, parameters.ret);
  if (parameters.has_envelope_id) {
    macros.SetLiteral(well_known::kDsnEnvid, parameters.envelope_id);
    macros.SetLiteral(well_known::kEnvid, parameters.envelope_id);
  }
  if (!parameters.body_type.empty()) {
    macros.SetLiteral(well_known::kBodytype, parameters.body_type);
  }
  macros.SetLiteral(well_known::kAddrType, "e s");
  macros.SetLiteral(well_known::kNtries, "0");
  DefineCounts();
  const std::string path = transaction_.sender_path;
  Verdict verdict = co_await Ask(
      {.ruleset = "check_mail", .argument = path, .strip_comments = true, .address = path});
  macros.Unset(well_known::kAddrType);
  if (verdict.refused()) {
    Send(std::move(verdict.reply));
    Reset();
    co_return;
  }
  TakeVerdict(verdict);
  if (parameters.size.value_or(0) > 0 && !co_await HasDiskSpace(*parameters.size)) {
    Reset();
    co_return;
  }
  transaction_.sender_ok = true;
  Send(Reply(250, "2.1.0", absl::StrCat(Shortened(path), "... Sender ok")));
}

std::string Session::FullNameOf(const ParsedAddress& sender) {
  if (sender.mailer == nullptr || !sender.mailer->Has('w')) return "";
  const absl::StatusOr<User> user = context_.env.accounts().FindUser(sender.user);
  return user.ok() ? stagepost::FullNameOf(user->full_name, user->name,
                                           options().Text(OptionId::kMustQuoteChars))
                   : std::string();
}

void Session::TakeVerdict(const Verdict& verdict) {
  if (verdict.result == CheckResult::kDiscard) transaction_.discard = true;
  if (verdict.result == CheckResult::kQuarantine) {
    transaction_.quarantine = verdict.reason;
    transaction_.macros.SetLiteral(well_known::kQuarantine, verdict.reason);
  }
}

void Session::DefineCounts() {
  transaction_.macros.SetLiteral(well_known::kNrcpts, absl::StrCat(transaction_.counted));
  transaction_.macros.SetLiteral(well_known::kNbadrcpts,
                                 absl::StrCat(transaction_.throttle.refused()));
}

Task<void> Session::Rcpt(absl::string_view argument) {
  co_await DelayForLoad();
  if (!transaction_.sender_ok) {
    Send(Reply(503, "5.0.0", "Need MAIL before RCPT"));
    co_return;
  }
  const absl::Duration wait = transaction_.throttle.Wait();
  if (wait > absl::ZeroDuration()) co_await Pause(wait);
  bool logged = false;
  std::optional<Reply> refusal = co_await ReadRcpt(argument, logged);
  if (!refusal.has_value()) co_return;
  MakePlain(*refusal);
  if (!logged) Log(3, Severity::kNotice, refusal->lines.front());
  transaction_.last_error = refusal->lines.front();
  Send(*std::move(refusal));
  if (transaction_.throttle.CountRefused()) {
    Log(5, Severity::kInfo, absl::StrCat(relay_, ": Possible SMTP RCPT flood, throttling."));
  }
}

Task<std::optional<Reply>> Session::ReadRcpt(absl::string_view argument, bool& logged) {
  if (auto refusal = SkipPathKeyword("TO", argument); refusal.has_value()) co_return refusal;
  const int64_t limit = options().Number(OptionId::kMaxRecipientsPerMessage);
  const auto accepted = static_cast<int64_t>(transaction_.recipients.size());
  if ((limit > 0 && accepted >= limit) ||
      transaction_.list.entries.size() >= kMaxRecipientsPerMessage) {
    co_return Reply(452, "4.5.3", "Too many recipients");
  }
  FirstMessage observer;
  RuleTrace told(context_.env.trace(), &observer);
  size_t end = argument.size();
  const std::optional<ParsedAddress> parsed = co_await ParseAddress(
      RewriteContext(told.observer()), argument, {.use = {}, .delimiter = ' '}, &end);
  const absl::string_view path = argument.substr(0, end);
  if (IsRefused(parsed, observer)) {
    co_return RefuseAddress(observer.first, path, argument.substr(end));
  }
  RcptParameters parameters;
  const ParameterRules rules = Rules();
  size_t count = 0;
  for (const Parameter& parameter : ParseParameters(argument.substr(end))) {
    auto refusal = ReadRcptParameter(parameter, rules, parameters);
    if (!refusal.has_value() && ++count > kMaxParameters) refusal = TooManyParameters();
    if (refusal.has_value()) co_return refusal;
  }
  auto refusal = co_await CheckRecipient(path, *parsed, parameters);
  logged = refusal.has_value();
  if (logged) co_return refusal;
  co_return co_await AddRecipient(path, *parsed, parameters);
}

Task<std::optional<Reply>> Session::CheckRecipient(absl::string_view path,
                                                   const ParsedAddress& parsed,
                                                   const RcptParameters& parameters) {
  Macros& macros = transaction_.macros;
  DefineAddress(parsed, well_known::kRcptMailer, well_known::kRcptHost, well_known::kRcptAddr,
                macros);
  macros.SetLiteral(well_known::kDsnNotify, parameters.notify);
  macros.SetLiteral(well_known::kAddrType, "e r");
  DefineCounts();
  Verdict verdict = co_await Ask(
      {.ruleset = "check_rcpt", .argument = path, .strip_comments = true, .address = path});
  macros.Unset(well_known::kAddrType);
  macros.Unset(well_known::kRcptMailer);
  macros.Unset(well_known::kRcptHost);
  macros.Unset(well_known::kRcptAddr);
  macros.Unset(well_known::kDsnNotify);
  if (verdict.refused()) co_return std::move(verdict.reply);
  TakeVerdict(verdict);
  co_return std::nullopt;
}

Task<std::optional<Reply>> Session::AddRecipient(absl::string_view path,
                                                 const ParsedAddress& parsed,
                                                 const RcptParameters& parameters) {
  if (transaction_.discard) {
    // Nobody will get it: whoever is named is fine.
    ++transaction_.counted;
    transaction_.recipients.emplace_back().address = std::string(WithoutBrackets(path));
    Send(Reply(250, "2.1.5", absl::StrCat(Shortened(path), "... Recipient ok")));
    co_return std::nullopt;
  }
  SendList& list = transaction_.list;
  const size_t known = list.entries.size();
  Expander expander(
      *context_.site, transaction_.macros,
      {.mode = ExpandMode::kVerify, .id = Id(), .only_queueing = context_.delivery_mode == 'd'});
  const size_t index = co_await expander.Add(list, path, &parsed);
  const SendEntry& entry = list.entries[index];
  if (entry.state == SendState::kBad) co_return RefuseEntry(entry, path);
  if (index >= known) {
    ++transaction_.counted;
    RecipientRoute& route = transaction_.routes.emplace_back();
    route.entry = index;
    route.queue_group = parsed.queue_group;
    if (route.queue_group.empty() && parsed.mailer != nullptr) {
      route.queue_group = parsed.mailer->queue_group;
    }
    AddToEnvelope(entry, parameters);
  }
  const bool deferred = entry.state == SendState::kDeferred;
  if (deferred) transaction_.last_error = entry.text;
  Send(Reply(
      250, "2.1.5",
      absl::StrCat(Shortened(entry.address), "... Recipient ok", deferred ? " (will queue)" : "")));
  co_return std::nullopt;
}

void Session::AddToEnvelope(const SendEntry& entry, const RcptParameters& parameters) {
  Recipient& recipient = transaction_.recipients.emplace_back();
  const absl::string_view address = entry.address;
  recipient.bracketed = absl::StartsWith(address, "<");
  recipient.address = std::string(recipient.bracketed ? WithoutBrackets(address) : address);
  recipient.user = entry.user;
  recipient.flags = parameters.flags();
  recipient.original_recipient = parameters.original_recipient;
  recipient.final_recipient =
      absl::StrCat("RFC822; ", recipient.address,
                   absl::StrContains(recipient.address, '@') ? "" : absl::StrCat("@", host_name_));
}

}  // namespace stagepost
