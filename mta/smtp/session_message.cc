// What becomes of a message that has been received: checks, header, commit, 250.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "mta/cf/well_known_names.h"
#include "mta/message/envelope_macros.h"
#include "mta/policy/load_limits.h"
#include "mta/smtp/collected_message.h"
#include "mta/smtp/session.h"

namespace stagepost {
namespace {

// Bytes of the header as it came, with its line ends and the empty line behind it.
int64_t HeaderBytes(const Header& header) {
  int64_t bytes = 1;
  for (const HeaderField& field : header) {
    bytes += static_cast<int64_t>(field.name.size() + 1 + field.value.size() + 1);
  }
  return bytes;
}

std::string FormatDelay(absl::Duration delay) {
  const int64_t seconds = absl::ToInt64Seconds(delay);
  return absl::StrFormat("%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string Bracketed(const Recipient& recipient) {
  return recipient.bracketed ? absl::StrCat("<", recipient.address, ">") : recipient.address;
}

// A message and its parts; either all are durable, or none is left.
Task<absl::Status> FlushOrRemove(std::vector<std::unique_ptr<QueuedMessage>>& messages) {
  absl::Status status;
  for (std::unique_ptr<QueuedMessage>& message : messages) {
    if (status.ok()) status = co_await message->Update();
  }
  if (status.ok()) co_return status;
  for (std::unique_ptr<QueuedMessage>& message : messages) (void)co_await message->Remove();
  co_return status;
}

}  // namespace

Task<void> Session::CheckHeader(Collected& collected) {
  DefineCounts();
  for (const HeaderCheck& check : HeaderChecks(configuration(), collected.headers.header())) {
    co_await CheckField(check, collected);
  }
  transaction_.macros.Unset(well_known::kHdrName);
  transaction_.macros.Unset(well_known::kHdrlen);
  transaction_.macros.Unset(well_known::kCurrHeader);
  transaction_.macros.Unset(well_known::kAddrType);
  const Header& header = collected.headers.header();
  const std::string fields = absl::StrCat(header.size());
  const std::string bytes = absl::StrCat(HeaderBytes(header));
  Verdict verdict = co_await Ask({.ruleset = "check_eoh", .argument = fields, .second = bytes});
  if (verdict.refused()) collected.Refuse(std::move(verdict.reply));
  TakeVerdict(verdict);
}

Task<void> Session::CheckField(const HeaderCheck& check, Collected& collected) {
  DefineHeaderCheckMacros(check, transaction_.macros);
  Verdict verdict = co_await Ask({.ruleset = check.ruleset,
                                  .argument = check.argument,
                                  .strip_comments = check.strip_comments});
  if (verdict.refused()) collected.Refuse(std::move(verdict.reply));
  TakeVerdict(verdict);
}

Task<void> Session::CheckMessage(Collected& collected) {
  transaction_.macros.SetLiteral(well_known::kMsgSize, absl::StrCat(collected.bytes));
  const int64_t limit = options().Number(OptionId::kMaxMessageSize);
  if (limit > 0 && collected.bytes > limit) {
    Log(0, Severity::kNotice,
        absl::StrCat("message size (", collected.bytes, ") exceeds maximum (", limit, ")"));
    collected.Refuse(
        Reply(552, "5.2.3", absl::StrCat("Message exceeds maximum fixed size (", limit, ")")));
  }
  if (!collected.stored.ok()) {
    Log(0, Severity::kCritical, absl::StrCat("SYSERR: ", collected.stored.message()));
    collected.Refuse(Reply(452, "4.4.5", "Insufficient disk space; try again later"));
  }
  const std::string bytes = absl::StrCat(collected.bytes);
  Verdict verdict = co_await Ask({.ruleset = "check_eom", .argument = bytes});
  if (verdict.refused()) collected.Refuse(std::move(verdict.reply));
  TakeVerdict(verdict);
}

Task<absl::Status> Session::FinishMessage(IncomingMessage& message, Collected& collected) {
  if (collected.headers.too_large()) {
    const int64_t limit = options().Number(OptionId::kMaxHeadersLength);
    const std::string text = absl::StrCat("eaders too large (", limit, " max)");
    Log(0, Severity::kNotice,
        absl::StrCat("h", text, " from ", client_.name, " during message collect"));
    collected.Refuse(Reply(552, "5.6.0", absl::StrCat("H", text)));
  }
  CompletedHeader completed = MakeHeader(collected);
  LogFrom(completed.message_id, completed.message_class);
  transaction_.mail_given = false;  // its log line is written
  const absl::string_view replaced =
      features_.lines.bare_line_feed == BareLineEnd::kReplace ? "replaced" : "";
  if (collected.decoder.saw_bare_line_feed()) {
    LogBareLineEnd("Bare linefeed (LF) not allowed", "body", replaced);
  }
  if (collected.decoder.saw_bare_carriage_return()) {
    LogBareLineEnd("Bare carriage return (CR) not allowed", "body", replaced);
  }
  co_await CheckErrorsTo(collected);
  co_await CheckMessage(collected);
  Envelope envelope = MakeEnvelope(collected, std::move(completed));
  if (!collected.refusal.has_value() && !transaction_.discard) {
    co_return co_await Accept(message, std::move(envelope));
  }
  if (collected.refusal.has_value()) {
    LogRefusedRecipients(*collected.refusal, envelope);
    Send(*std::move(collected.refusal));
  } else {
    Log(0, Severity::kInfo, "discarded");
    Send(Reply(250, "2.0.0", absl::StrCat(envelope.id, " Message accepted for delivery")));
  }
  if (const absl::Status abandoned = co_await message.Abandon(); !abandoned.ok()) {
    Log(0, Severity::kWarning, abandoned.message());
  }
  co_return absl::OkStatus();
}

CompletedHeader Session::MakeHeader(Collected& collected) {
  Header header = collected.headers.header();
  if (options().Flag(OptionId::kSingleLineFromHeader)) {
    for (HeaderField& field : header) {
      if (!absl::EqualsIgnoreCase(field.name, "From")) continue;
      std::replace(field.value.begin(), field.value.end(), '\n', ' ');
    }
  }
  EnvelopeFacts facts;
  facts.id = Id();
  facts.sender = transaction_.sender;
  const std::vector<Recipient>& recipients = transaction_.recipients;
  // Those that were refused count; what rules have made of one does not.
  const std::vector<SendEntry>& entries = transaction_.list.entries;
  const auto asked = std::count_if(entries.begin(), entries.end(),
                                   [](const SendEntry& e) { return e.parent == kNoEntry; });
  if (recipients.size() == 1 && transaction_.counted == 1 && asked <= 1) {
    facts.only_recipient = Bracketed(recipients[0]);
  }
  facts.full_name = transaction_.full_name;
  facts.now = context_.env.clock().WallNow();
  facts.zone = context_.env.host().time_zone();
  DefineEnvelopeMacros(facts, transaction_.macros);
  ReceivedHeader received = {
      .header = header, .from_line = collected.headers.from_line(), .zone = facts.zone};
  for (const Recipient& recipient : recipients) received.recipients.push_back(Bracketed(recipient));
  received.body_8bitmime = transaction_.parameters.body_8bitmime();
  if (!transaction_.warning.empty()) {
    received.added.push_back(
        {"X-Authentication-Warning", absl::StrCat(" ", transaction_.warning), ""});
  }
  return CompleteHeader(configuration(), context_.site->engine().tokenizer(), std::move(received),
                        transaction_.macros);
}

Envelope Session::MakeEnvelope(const Collected& collected, CompletedHeader completed) {
  const MailParameters& parameters = transaction_.parameters;
  Envelope envelope;
  envelope.id = Id();
  envelope.sender = transaction_.sender;
  envelope.sender_bracketed = absl::StrContains(transaction_.sender_path, '<');
  for (const size_t recipient : RecipientsByHost()) {
    envelope.recipients.push_back(transaction_.recipients[recipient]);
  }
  envelope.header = std::move(completed.header);
  envelope.message_class = completed.message_class;
  envelope.message = transaction_.last_error;
  envelope.message_bytes = collected.bytes;
  envelope.eight_bit = collected.eight_bit || HasEightBits(collected.headers.header());
  envelope.has_8bitmime = completed.has_8bitmime;
  envelope.seven_bit = parameters.body_7bit();
  const bool no_body =
      absl::EqualsIgnoreCase(parameters.ret, "HDRS") || completed.message_class < 0;
  envelope.flags = absl::StrCat(completed.delete_bcc ? "b" : "", parameters.ret.empty() ? "" : "d",
                                no_body ? "n" : "", transaction_.quarantine.empty() ? "s" : "");
  envelope.envelope_id = parameters.envelope_id;
  envelope.deliver_by = parameters.deliver_by;
  AskForReceipts(envelope);
  envelope.quarantine = transaction_.quarantine;
  envelope.macros = KeptMacros();
  return envelope;
}

// RrtImpliesDsn: who has said nothing else in RCPT gets what Return-Receipt-To means.
void Session::AskForReceipts(Envelope& envelope) const {
  if (!options().Flag(OptionId::kRrtImpliesDsn) || options().Has(PrivacyFlag::kNoReceipts) ||
      FindField(envelope.header, "Return-Receipt-To") == nullptr) {
    return;
  }
  RcptParameters all;
  all.has_notify = all.success = all.failure = all.delay = true;
  for (Recipient& recipient : envelope.recipients) {
    if (!absl::StrContains(recipient.flags, 'N')) recipient.flags = all.flags();
  }
}

std::map<std::string, std::string> Session::KeptMacros() {
  std::map<std::string, std::string> kept;
  Names& names = context_.site->configuration().names;
  const auto keep = [&](NameId name) {
    if (transaction_.macros.Find(name) == nullptr) return;
    Piece macro;
    macro.kind = Piece::Kind::kMacro;
    macro.name = name;
    kept[std::string(names.NameOf(name))] =
        transaction_.macros.ExpandToString({macro}, names).value_or(std::string());
  };
  for (const char c : {'_', 'r', 's'}) keep(OneCharacterName(c));
  keep(well_known::kDaemonFlags);
  keep(well_known::kIfAddr);
  for (const absl::string_view word :
       configuration().classes.Words(well_known::kPersistentMacros)) {
    const absl::string_view name = absl::StripSuffix(absl::StripPrefix(word, "{"), "}");
    if (const std::optional<NameId> id = names.Find(name); id.has_value()) keep(*id);
  }
  return kept;
}

void Session::RecordAccepted(const Envelope& envelope) {
  Trace& trace = context_.env.trace();
  trace.Record({EventKind::kEnvelopeAccepted, envelope.id, envelope.sender,
                static_cast<int64_t>(envelope.recipients.size()), channel_.number()});
  for (const Recipient& recipient : envelope.recipients) {
    trace.Record({EventKind::kRecipientAccepted, envelope.id, recipient.address, 0, 0});
  }
}

absl::Status Session::SayNotQueued(const absl::Status& why) {
  Log(0, Severity::kCritical, absl::StrCat("SYSERR: ", why.message()));
  Send(Reply(451, "4.3.0", "Cannot write queue file"));
  return absl::OkStatus();
}

Task<absl::Status> Session::Accept(IncomingMessage& message, Envelope envelope) {
  absl::StatusOr<std::vector<Envelope>> parts = co_await Divide(message, envelope);
  absl::Status status = parts.status();
  if (status.ok()) status = co_await message.Commit(envelope);
  if (!status.ok()) co_return SayNotQueued(status);
  const std::string id = envelope.id;
  const bool is_quarantined = !envelope.quarantine.empty();
  const char mode = is_quarantined ? 'q' : ModeFor(envelope);
  std::vector<std::unique_ptr<QueuedMessage>> messages = message.HandOver(std::move(envelope));
  if (mode != 'i' && context_.queue.layout().flushes_what_waits()) {
    status = co_await FlushOrRemove(messages);
    if (!status.ok()) co_return SayNotQueued(status);
  }
  // From here on the message is ours, whether the client hears of it or not.
  for (const std::unique_ptr<QueuedMessage>& part : messages) RecordAccepted(part->envelope());
  for (std::unique_ptr<QueuedMessage>& part : messages) {
    if (!is_quarantined) co_await context_.accepted.OnAccepted(std::move(part), mode);
  }
  messages.clear();
  Send(Reply(250, "2.0.0", absl::StrCat(id, " Message accepted for delivery")));
  // A client that never hears this sends the message again: say it before anything else happens.
  co_return co_await channel_.Flush();
}

int64_t Session::Priority(const Envelope& envelope) const {
  return transaction_.parameters.size.value_or(0) -
         envelope.message_class * options().Number(OptionId::kClassFactor) +
         transaction_.counted * options().Number(OptionId::kRecipientFactor);
}

char Session::ModeFor(const Envelope& envelope) const {
  const Host& host = context_.env.host();
  const LoadLimits limits = LoadLimitsOf(options(), context_.port, host.processors());
  if (MustQueue(RoundedLoad(host), limits.queue, Priority(envelope),
                options().Number(OptionId::kQueueFactor))) {
    return 'q';
  }
  return verbose_ ? 'i' : context_.delivery_mode;
}

void Session::LogRefusedRecipients(const Reply& reply, const Envelope& envelope) {
  const absl::Duration delay = context_.env.clock().WallNow() - transaction_.created;
  for (const Recipient& recipient : envelope.recipients) {
    Log(8, Severity::kInfo,
        absl::StrCat("to=", Shortened(Bracketed(recipient)), ", delay=", FormatDelay(delay),
                     ", pri=", Priority(envelope), ", stat=", reply.lines.front()));
  }
}

}  // namespace stagepost
