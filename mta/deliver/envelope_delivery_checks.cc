// What is asked before an envelope's recipients are given to their mailers, and what is written
// down behind it: the parts of EnvelopeDelivery that speak with rules, log and queue.
#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"
#include "mta/base/sysexits.h"
#include "mta/bounce/notification.h"
#include "mta/deliver/envelope_delivery.h"
#include "mta/deliver/mailer_program.h"
#include "mta/deliver/message_bytes.h"
#include "mta/deliver/queued_recipient.h"
#include "mta/message/known_fields.h"
#include "mta/policy/check_ruleset.h"
#include "mta/queue/queue_file.h"

namespace stagepost {
namespace {

constexpr absl::string_view kCompat = "check_compat";

DeliveryResult Held() {
  DeliveryResult result;
  result.kind = DeliveryResult::Kind::kHeld;
  result.stat = "queued";
  return result;
}

// What a verdict of check_compat comes to.
DeliveryResult ResultOfVerdict(const Verdict& verdict) {
  if (verdict.result == CheckResult::kDiscard) {
    DeliveryResult result;
    result.kind = DeliveryResult::Kind::kDiscarded;
    return result;
  }
  const int code = verdict.exit_code == kExitOk ? kExitUnavailable : verdict.exit_code;
  DeliveryResult result = ResultOfExitCode(code, "", "");
  // sendmail has its own code for this one when no mailer was asked.
  if (code == kExitDataError) result.dsn = "5.5.2";
  result.diagnostic = verdict.reply.Text();
  if (verdict.reply.code / 100 == 4) {
    result = Deferred(verdict.reply.enhanced, verdict.reply.Text());
  }
  return result;
}

}  // namespace

void EnvelopeDelivery::NoteExpansion(int64_t priority, std::string said) {
  said_in_expansion_ = std::move(said);
  const int64_t later = std::exchange(envelope_.priority, priority);
  // An alias that names itself is looked at again when the others are done.
  Entries in_order = entries_;
  const auto first_again = std::remove_if(in_order.begin(), in_order.end(),
                                          [&](size_t entry) { return At(entry).refers_to_itself; });
  in_order.erase(first_again, in_order.end());
  std::copy_if(entries_.begin(), entries_.end(), std::back_inserter(in_order),
               [&](size_t entry) { return At(entry).refers_to_itself; });
  for (const size_t entry : in_order) {
    const SendEntry& failed = At(entry);
    if (failed.state != SendState::kBad && failed.state != SendState::kDeferred) continue;
    DeliveryResult result;
    result.kind = failed.state == SendState::kBad ? DeliveryResult::Kind::kFailed
                                                  : DeliveryResult::Kind::kDeferred;
    result.dsn = failed.status;
    result.exit_code = failed.exit_code;
    result.diagnostic = failed.text;
    result.stat = failed.text;
    const bool unknown = failed.exit_code == kExitNoUser && failed.mailer != nullptr;
    if (unknown) {
      result.stat = "User unknown";
      result.reply = failed.text;
    }
    Record(entry, result, "");
    outcomes_[entry].in_expansion = true;
    // sendmail has a line for users that there are not, and for what it cannot know yet.
    if (unknown) Log({entry}, outcomes_[entry], std::nullopt);
    if (failed.state == SendState::kDeferred) Log({entry}, {Held(), ""}, std::nullopt);
  }
  envelope_.priority = later;
}

Task<bool> EnvelopeDelivery::Check(size_t entry) {
  const SendEntry& checked = At(entry);
  std::optional<DeliveryResult> result;
  const Options& options = site_.configuration().options;
  if (checked.mailer == nullptr || absl::EqualsIgnoreCase(checked.mailer->name, "*include*")) {
    result = ResultOfExitCode(kExitConfiguration, "", "");
  } else if (absl::EqualsIgnoreCase(checked.mailer->name, "discard")) {
    result.emplace().kind = DeliveryResult::Kind::kDiscarded;
  } else if (checked.mailer->Has('e') && options.Flag(OptionId::kHoldExpensive) &&
             !options_.queue_run) {
    result = Held();
  } else if (checked.mailer->Has('%') && !options_.on_demand) {
    result = Held();
  }
  if (result.has_value()) {
    Record(entry, *result, "");
    if (result->kind != DeliveryResult::Kind::kDiscarded) {
      Log({entry}, outcomes_[entry], std::nullopt);
    }
    if (result->kind == DeliveryResult::Kind::kFailed) Tell({entry}, *result);
    co_return false;
  }
  const Mailer& mailer = *checked.mailer;
  if (mailer.max_message_bytes > 0 && MessageBytes(envelope_) > mailer.max_message_bytes) {
    result = ResultOfExitCode(kExitUnavailable, "", "");
    result->dsn = mailer.Has('l') ? "5.2.3" : "5.3.4";
    result->line_dsn = "5.0.0";
    result->status = result->dsn;
    result->too_large = true;
    result->reply = absl::StrCat(kExitUnavailable);
    AddToTranscript(absl::StrCat("552 ", result->dsn, " Message is too large; ",
                                 mailer.max_message_bytes, " bytes max\n"));
  } else if (!co_await PassesCompat(entry)) {
    co_return false;
  }
  if (!result.has_value()) co_return true;
  attempted_ = true;
  Record(entry, *result, checked.host);
  Log({entry}, outcomes_[entry], absl::ZeroDuration());
  Tell({entry}, *result);
  co_return false;
}

Task<bool> EnvelopeDelivery::PassesCompat(size_t entry) {
  if (site_.configuration().FindRuleset(kCompat) == nullptr) co_return true;
  const std::string address = At(entry).address;
  const AddressContext context = {site_.engine(), site_.configuration(), macros_};
  CheckQuestion question;
  question.ruleset = kCompat;
  question.argument = sender_address_;
  question.second = address;
  question.address = address;
  const Verdict verdict = co_await AskRuleset(context, question);
  if (verdict.result == CheckResult::kPass) co_return true;
  const std::string relay = ExpandText(site_, macros_, "$_");
  LogVerdict(env_.log(), {.id = envelope_.id, .relay = relay}, question, verdict);
  // There is no quarantine for one recipient.
  if (verdict.result == CheckResult::kQuarantine) co_return true;
  attempted_ = true;
  Record(entry, ResultOfVerdict(verdict), "");
  if (verdict.result == CheckResult::kRefuse) {
    Log({entry}, outcomes_[entry], absl::ZeroDuration());
    Tell({entry}, outcomes_[entry].result);
  }
  co_return false;
}

std::string EnvelopeDelivery::ControllerOf(const SendEntry& entry) const {
  const bool failed = entry.state == SendState::kBad || entry.state == SendState::kDeferred;
  if (!failed && (entry.mailer == nullptr || !entry.mailer->Has('o'))) return sender_controller_;
  return entry.controller.has_value() ? ShownController(*entry.controller) : "";
}

void EnvelopeDelivery::Log(const Entries& entries, const Outcome& outcome,
                           std::optional<absl::Duration> xdelay) {
  const SendEntry& first = At(entries.front());
  DeliveryLogEntry line;
  line.id = envelope_.id;
  for (const size_t entry : entries) line.recipients.push_back(At(entry).address);
  line.controller = ControllerOf(first);
  line.delay = env_.clock().WallNow() - envelope_.created;
  line.xdelay = xdelay;
  if (first.mailer != nullptr) line.mailer = first.mailer->name;
  line.priority = envelope_.priority;
  line.relay = outcome.relay;
  line.dsn = outcome.result.dsn;
  line.reply = outcome.result.reply;
  line.stat = OneLine(outcome.result.stat);
  for (const std::string& text : DeliveryLogLines(line)) {
    env_.log().Write(Severity::kInfo, text);
  }
}

ReportedRecipient EnvelopeDelivery::Reported(size_t entry) {
  const auto found = outcomes_.find(entry);
  Outcome outcome;
  if (found != outcomes_.end()) outcome = found->second;
  ReportedRecipient reported;
  reported.recipient = RecipientOf(list_, entry, OneLine(outcome.result.queue_text));
  for (size_t above = At(entry).parent; above != kNoEntry; above = At(above).parent) {
    reported.expanded_from.push_back(At(above).address);
    if (At(above).owner.has_value() && reported.mailing_list.empty()) {
      reported.mailing_list = At(above).address;
    }
  }
  reported.mailer = At(entry).mailer;
  reported.relay = outcome.relay;
  reported.result = std::move(outcome.result);
  reported.in_expansion = outcome.in_expansion;
  reported.primary = At(entry).primary;
  reported.place = {absl::AsciiStrToLower(At(entry).host), entry};
  return reported;
}

// Who has been passed on too often is on a way without an end.
void EnvelopeDelivery::CheckHops() {
  const auto hops = std::count_if(
      envelope_.header.begin(), envelope_.header.end(),
      [](const HeaderField& field) { return TraitsOf(field.name).Has(FieldTraits::kTrace); });
  const int64_t limit = site_.configuration().options.Number(OptionId::kMaxHopCount);
  const Entries pending = Pending();
  if (hops <= limit || pending.empty()) return;
  const std::string relay = ExpandText(site_, macros_, "$_");
  DeliveryResult result = ResultOfExitCode(kExitUnavailable, "", "");
  result.dsn = "5.4.6";
  result.diagnostic = "554 5.4.6 Too many hops";
  result.stat = absl::StrCat("Too many hops ", hops, " (", limit, " max): from ", sender_address_,
                             " via ", relay.empty() ? "localhost" : HostOfRelay(relay), ", to ",
                             At(pending.front()).address);
  env_.log().Write(Severity::kCritical,
                   absl::StrCat(envelope_.id, ": SYSERR(root): ", OneLine(result.stat)));
  for (const size_t entry : pending) Record(entry, result, "");
  Tell(pending, result);
}

void EnvelopeDelivery::CheckTime() {
  const std::optional<DeliverBy>& by = envelope_.deliver_by;
  const Entries pending = Pending();
  if (!by.has_value() || by->mode != DeliverBy::Mode::kReturn || pending.empty() ||
      env_.clock().WallNow() - envelope_.created <= absl::Seconds(by->seconds)) {
    return;
  }
  DeliveryResult result = ResultOfExitCode(kExitUnavailable, "", "");
  result.dsn = result.status = "5.4.7";
  result.diagnostic.clear();
  result.stat = absl::StrCat("delivery time expired ", by->seconds, "s");
  for (const size_t entry : pending) Record(entry, result, "");
  AddToTranscript(absl::StrCat("Delivery time (", by->seconds,
                               "s) expired\nMessage will be deleted from queue\n"));
}

JobReport EnvelopeDelivery::Report() {
  JobReport report;
  for (const size_t entry : entries_) {
    if (parked_.count(entry) != 0) continue;
    ReportedRecipient reported = Reported(entry);
    using Kind = DeliveryResult::Kind;
    // What was not tried is tried again.
    const Kind kind = outcomes_.count(entry) == 0 ? Kind::kDeferred : reported.result.kind;
    if (kind == Kind::kFailed)
      report.failed.push_back(std::move(reported));
    else if (kind == Kind::kSent)
      report.sent.push_back(std::move(reported));
    else if (kind != Kind::kDiscarded)
      report.delayed.push_back(std::move(reported));
  }
  for (const size_t list : lists_) {
    report.lists.push_back(Reported(list));
    report.lists.back().result = Sent("2.0.0");
  }
  report.transcript = absl::StrCat(said_in_expansion_, transcript_);
  report.received_from = options_.received_from;
  return report;
}

Task<absl::Status> EnvelopeDelivery::CheckpointBefore(size_t more) {
  const int64_t interval = site_.configuration().options.Number(OptionId::kCheckpointInterval);
  if (interval <= 0 || since_checkpoint_ == 0 ||
      since_checkpoint_ + more <= static_cast<uint64_t>(interval)) {
    co_return absl::OkStatus();
  }
  co_return co_await Checkpoint();
}

Task<absl::Status> EnvelopeDelivery::Checkpoint() {
  std::vector<Recipient> recipients, failed;
  for (const size_t entry : entries_) {
    const auto outcome = outcomes_.find(entry);
    if (outcome == outcomes_.end()) {
      recipients.push_back(RecipientOf(list_, entry, ""));
      continue;
    }
    const DeliveryResult& result = outcome->second.result;
    if (result.done()) continue;
    // Nobody has been told of those who have failed.
    const bool has_failed = result.kind == DeliveryResult::Kind::kFailed;
    (has_failed ? failed : recipients)
        .push_back(RecipientOf(list_, entry, OneLine(result.queue_text)));
  }
  std::move(failed.begin(), failed.end(), std::back_inserter(recipients));
  since_checkpoint_ = 0;
  co_return co_await Write(std::move(recipients));
}

std::string EnvelopeDelivery::DestinationOf(size_t entry) {
  const SendEntry& visitor = At(entry);
  if (visitor.mailer == nullptr) return "";
  if (IsNetworkMailer(*visitor.mailer)) {
    return Destinations::KeyFor(visitor.mailer->name, visitor.host);
  }
  // Programs that never end must not hold all deliveries; those of LMTP wait for their turn.
  if (TakesUsersAsArguments(*visitor.mailer)) {
    return Destinations::KeyFor(visitor.mailer->name, "");
  }
  return "";
}

void EnvelopeDelivery::Park(const Entries& group, const std::string& destination) {
  env_.probes().Reached("deliver: a destination is busy");
  parked_.insert(group.begin(), group.end());
  if (std::find(parked_at_.begin(), parked_at_.end(), destination) == parked_at_.end()) {
    parked_at_.push_back(destination);
  }
}

// Of a message that was parked, everybody else has had their turn.
void EnvelopeDelivery::LeaveOutOthers() {
  const std::vector<std::string>& wanted = options_.destinations;
  if (wanted.empty()) return;
  for (const size_t entry : entries_) {
    const SendState state = At(entry).state;
    if (state == SendState::kSend &&
        std::find(wanted.begin(), wanted.end(), DestinationOf(entry)) == wanted.end()) {
      parked_.insert(entry);
    }
  }
}

Task<absl::Status> EnvelopeDelivery::Finish() {
  // Where nothing has happened there is nothing to write.
  if (!parked_.empty() && outcomes_.empty()) co_return absl::OkStatus();
  // One attempt for all, however often it is interrupted.
  if (!parked_at_.empty()) attempted_ = false;
  JobReport report = Report();
  std::vector<std::string> failed;
  for (const ReportedRecipient& gone : report.failed) failed.push_back(gone.recipient.address);
  for (const ReportedRecipient& late : report.delayed) failed.push_back(late.recipient.address);
  absl::StatusOr<Conclusion> conclusion =
      co_await Conclude(site_, queue_, message_, std::move(report));
  if (!conclusion.ok()) {
    // Nobody has been told of those that failed: they stay, and are tried again.
    if (attempted_) ++envelope_.attempts;
    CO_RETURN_IF_ERROR(co_await Checkpoint());
    co_return conclusion.status();
  }
  notifications_ = std::move(conclusion->notifications);
  if (state_.watcher != nullptr && !conclusion->remark.empty()) {
    state_.watcher->OnRemark(conclusion->remark);
  }
  if (conclusion->lost) co_return absl::OkStatus();
  if (conclusion->message_text.has_value()) {
    message_text_ = *conclusion->message_text;
  }
  for (const Recipient& staying : conclusion->staying) std::erase(failed, staying.address);
  for (const std::string& address : failed) {
    env_.trace().Record({EventKind::kRecipientBounced, envelope_.id, address});
  }
  for (const size_t entry : parked_) {
    conclusion->staying.push_back(RecipientOf(list_, entry, ""));
  }
  if (!conclusion->staying.empty()) {
    if (attempted_) ++envelope_.attempts;
    co_return co_await Write(std::move(conclusion->staying));
  }
  CO_RETURN_IF_ERROR(co_await message_.Remove());
  env_.trace().Record({EventKind::kEnvelopeDone, envelope_.id, ""});
  co_return absl::OkStatus();
}

Task<absl::Status> EnvelopeDelivery::Write(std::vector<Recipient> recipients) {
  size_t room = kMaxQueuedStatusBytes;
  for (Recipient& recipient : recipients) {
    if (recipient.status.size() > room) recipient.status.clear();
    room -= recipient.status.size();
  }
  envelope_.recipients = std::move(recipients);
  const int64_t now = absl::ToUnixSeconds(env_.clock().WallNow());
  envelope_.last_attempt = absl::FromUnixSeconds(std::max<int64_t>(now, 1));
  envelope_.message = OneLine(message_text_);
  co_return co_await message_.Update();
}

}  // namespace stagepost
