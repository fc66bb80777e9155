#include "mta/deliver/conclude.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"
#include "mta/base/sysexits.h"
#include "mta/bounce/notification.h"
#include "mta/bounce/send_notification.h"
#include "mta/deliver/queued_body.h"
#include "mta/deliver/reported_recipient.h"
#include "mta/message/complete_header.h"

namespace stagepost {
namespace {

using Kind = Notification::Kind;
using Action = NotifiedRecipient::Action;
using Reported = std::vector<ReportedRecipient>;

constexpr absl::string_view kPostmasterNotification = "auto-generated (postmaster-notification)";

bool Wants(const ReportedRecipient& recipient, char notice) {
  return absl::StrContains(recipient.recipient.flags, notice);
}

Reported Wanting(const Reported& recipients, char notice) {
  Reported wanting;
  std::copy_if(recipients.begin(), recipients.end(), std::back_inserter(wanting),
               [notice](const ReportedRecipient& r) { return Wants(r, notice); });
  return wanting;
}

// Neither the sender nor the recipient can help it.
bool IsOwnFault(const ReportedRecipient& failed) {
  const int code = failed.result.exit_code;
  return code == kExitSoftware || code == kExitConfiguration;
}

TimeoutId TimeoutOf(Urgency urgency, bool is_report, bool of_return) {
  if (is_report) return of_return ? TimeoutId::kQueueReturnDsn : TimeoutId::kQueueWarnDsn;
  switch (urgency) {
    case Urgency::kUrgent:
      return of_return ? TimeoutId::kQueueReturnUrgent : TimeoutId::kQueueWarnUrgent;
    case Urgency::kNonUrgent:
      return of_return ? TimeoutId::kQueueReturnNonUrgent : TimeoutId::kQueueWarnNonUrgent;
    case Urgency::kNormal:
      break;
  }
  return of_return ? TimeoutId::kQueueReturnNormal : TimeoutId::kQueueWarnNormal;
}

class Concluding {
 public:
  Concluding(Site& site, Queue& queue, QueuedMessage& message, JobReport report)
      : site_(site),
        env_(site.env()),
        options_(site.configuration().options),
        queue_(queue),
        message_(message),
        envelope_(message.envelope()),
        report_(std::move(report)) {}

  Task<absl::StatusOr<Conclusion>> Run();

 private:
  bool is_report() const { return absl::StrContains(envelope_.flags, 'r'); }
  absl::Duration Timeout(bool of_return) const;
  void Expire();
  Task<absl::Status> TellOfFailures();
  Task<absl::Status> Return(Notification notification);
  Task<absl::Status> ReturnReport(Notification notification, std::string what);
  std::vector<std::string> DoubleBounceAddress() const;
  Task<absl::Status> Warn();
  Task<absl::Status> Acknowledge();
  Notification Make(Kind kind, const Reported& recipients, Action action) const;
  std::string FailureTranscript() const;
  Task<absl::Status> Send(Notification notification, std::string what);

  Site& site_;
  Environment& env_;
  const Options& options_;
  Queue& queue_;
  QueuedMessage& message_;
  Envelope& envelope_;
  JobReport report_;
  std::string expiry_;  // lines of the transcript
  Conclusion conclusion_;
};

absl::Duration Concluding::Timeout(bool of_return) const {
  const Importance importance = ImportanceOf(site_.configuration(), envelope_.header);
  return options_.timeout(TimeoutOf(importance.urgency, is_report(), of_return));
}

// Who has waited for too long has failed.
void Concluding::Expire() {
  const absl::Duration limit = Timeout(true);
  if (report_.delayed.empty() || limit <= absl::ZeroDuration() ||
      env_.clock().WallNow() - envelope_.created <= limit) {
    return;
  }
  const std::string interval = IntervalText(limit);
  expiry_ = absl::StrCat("Message could not be delivered for ", interval,
                         "\nMessage will be deleted from queue\n");
  conclusion_.remark = absl::StrCat("Cannot send message for ", interval);
  conclusion_.message_text = conclusion_.remark;
  for (ReportedRecipient& delayed : report_.delayed) {
    delayed.result.kind = DeliveryResult::Kind::kFailed;
    delayed.result.dsn = "4.4.7";
    delayed.result.diagnostic.clear();
    report_.failed.push_back(std::move(delayed));
  }
  report_.delayed.clear();
}

Notification Concluding::Make(Kind kind, const Reported& recipients, Action action) const {
  Notification notification;
  notification.kind = kind;
  notification.received_from = report_.received_from;
  notification.headers_only =
      std::any_of(recipients.begin(), recipients.end(),
                  [](const ReportedRecipient& r) { return r.result.too_large; });
  notification.to = {envelope_.sender_bracketed ? absl::StrCat("<", envelope_.sender, ">")
                                                : envelope_.sender};
  for (const ReportedRecipient& recipient : recipients) {
    Action done = action;
    if (action == Action::kDelivered &&
        (recipient.mailer == nullptr || !recipient.mailer->Has('l')))
      done = Action::kRelayed;
    notification.recipients.push_back(Notified(site_, recipient, done));
  }
  return notification;
}

std::string Concluding::FailureTranscript() const {
  return absl::StrCat(TranscriptOfExpansion(report_.failed, report_.said_in_expansion),
                      report_.transcript, expiry_);
}

Task<absl::Status> Concluding::Send(Notification notification, std::string what) {
  const std::string name(notification.log_name());
  QueuedBody body(message_);
  CO_ASSIGN_OR_RETURN(std::string id, co_await SendNotification(site_, queue_, envelope_, body,
                                                                std::move(notification)));
  env_.log().Write(Severity::kInfo,
                   absl::StrCat(envelope_.id, ": ", id, ": ", name, ": ", OneLine(what)));
  conclusion_.notifications.push_back(std::move(id));
  co_return absl::OkStatus();
}

Task<absl::Status> Concluding::TellOfFailures() {
  const Reported failed = Wanting(report_.failed, 'F');
  if (failed.empty()) co_return absl::OkStatus();
  Notification notification = Make(Kind::kFailure, failed, Action::kFailed);
  notification.transcript = FailureTranscript();
  co_return co_await Return(std::move(notification));
}

// To the sender; without one, or if it is a report that has failed, to the postmaster.
Task<absl::Status> Concluding::Return(Notification notification) {
  const std::string what = conclusion_.message_text.value_or(LogTextOf(report_.failed.back()));
  if (is_report()) co_return co_await ReturnReport(std::move(notification), what);
  Notification copied = notification;
  // What goes wrong here is the postmaster's concern, too.
  const bool own_fault = IsOwnFault(report_.failed.front());
  if (envelope_.sender.empty()) notification.to.clear();
  if (own_fault) notification.to.emplace_back("postmaster");
  if (envelope_.sender.empty() && !own_fault) {
    notification.kind = Kind::kFromNobody;
    notification.to = DoubleBounceAddress();
  }
  if (!notification.to.empty()) CO_RETURN_IF_ERROR(co_await Send(std::move(notification), what));
  copied.kind = Kind::kPostmasterCopy;
  copied.to = {options_.Text(OptionId::kPostmasterCopy)};
  if (copied.to[0].empty()) co_return absl::OkStatus();
  co_return co_await Send(std::move(copied), what);
}

Task<absl::Status> Concluding::ReturnReport(Notification notification, std::string what) {
  if (FieldValue(envelope_.header, "Auto-Submitted") == kPostmasterNotification) {
    // Nobody is left to be told. Somebody may look for it.
    CO_RETURN_IF_ERROR(co_await message_.Lose(absl::StrCat("savemail panic: ", what)));
    conclusion_.lost = true;
    co_return absl::OkStatus();
  }
  notification.kind = Kind::kDoubleBounce;
  notification.to = DoubleBounceAddress();
  if (notification.to.empty()) co_return absl::OkStatus();
  co_return co_await Send(std::move(notification), what);
}

std::vector<std::string> Concluding::DoubleBounceAddress() const {
  const std::string address = options_.Text(OptionId::kDoubleBounceAddress);
  if (address.empty()) return {};
  return {address};
}

// Once, if the message waits for longer than Timeout.queuewarn.
Task<absl::Status> Concluding::Warn() {
  const absl::Duration limit = Timeout(false);
  const Reported delayed = Wanting(report_.delayed, 'D');
  const bool too_early = env_.clock().WallNow() - envelope_.created <= limit;
  const int message_class = ImportanceOf(site_.configuration(), envelope_.header).message_class;
  if (delayed.empty() || limit <= absl::ZeroDuration() || too_early || is_report() ||
      envelope_.sender.empty() || message_class < 0 || absl::StrContains(envelope_.flags, 'w')) {
    co_return absl::OkStatus();
  }
  Notification notification = Make(Kind::kWarning, delayed, Action::kDelayed);
  notification.interval = IntervalText(limit);
  const absl::Duration until = Timeout(true);
  notification.transcript = absl::StrCat(
      report_.transcript, "Warning: message still undelivered after ", notification.interval,
      "\nWill keep trying until message is ", IntervalText(until), " old\n");
  notification.retry_until = envelope_.created + until;
  const std::string subject = notification.subject();
  CO_RETURN_IF_ERROR(co_await Send(std::move(notification), subject));
  envelope_.flags = absl::StrCat("w", envelope_.flags);
  conclusion_.remark = subject;
  conclusion_.message_text = subject;
  co_return absl::OkStatus();
}

Task<absl::Status> Concluding::Acknowledge() {
  Reported sent = Wanting(report_.sent, 'S');
  std::erase_if(sent, [](const ReportedRecipient& r) { return r.result.passed_on; });
  if (sent.empty() || is_report() || envelope_.sender.empty() ||
      options_.Has(PrivacyFlag::kNoReceipts)) {
    co_return absl::OkStatus();
  }
  Notification notification = Make(Kind::kSuccess, sent, Action::kDelivered);
  for (const NotifiedRecipient& recipient : notification.recipients) {
    absl::StrAppend(&notification.transcript, recipient.address,
                    recipient.action == Action::kRelayed
                        ? "... relayed; expect no further notifications\n"
                        : "... Successfully delivered\n");
  }
  const std::string subject = notification.subject();
  co_return co_await Send(std::move(notification), subject);
}

Task<absl::StatusOr<Conclusion>> Concluding::Run() {
  Expire();
  const bool failed = !Wanting(report_.failed, 'F').empty();
  CO_RETURN_IF_ERROR(co_await TellOfFailures());
  if (conclusion_.lost) co_return std::move(conclusion_);
  if (!failed) CO_RETURN_IF_ERROR(co_await Warn());
  // Where there is bad news, the good ones go without saying.
  if (!failed) CO_RETURN_IF_ERROR(co_await Acknowledge());
  for (ReportedRecipient& delayed : report_.delayed) {
    conclusion_.staying.push_back(std::move(delayed.recipient));
  }
  co_return std::move(conclusion_);
}

}  // namespace

Task<absl::StatusOr<Conclusion>> Conclude(Site& site, Queue& queue, QueuedMessage& message,
                                          JobReport report) {
  Concluding concluding(site, queue, message, std::move(report));
  co_return co_await concluding.Run();
}

}  // namespace stagepost
