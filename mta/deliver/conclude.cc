#include "mta/deliver/conclude.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
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

// Of a list with commas; the last one comes first, as with sendmail.
std::vector<std::string> AddressesOf(absl::string_view list) {
  std::vector<std::string> addresses;
  for (const absl::string_view address : absl::StrSplit(list, ',')) {
    const absl::string_view plain = absl::StripAsciiWhitespace(address);
    if (!plain.empty()) addresses.emplace_back(plain);
  }
  std::reverse(addresses.begin(), addresses.end());
  return addresses;
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
  bool ShouldWarn() const;
  // The seconds of DELIVERBY, if they are over and it is a warning that was asked for; else 0.
  int64_t ExceededTime() const;
  bool WantsReceipt() const;
  Task<absl::Status> Tell();
  Task<absl::Status> Return(Notification notification);
  Task<absl::Status> ReturnReport(Notification notification, std::string what);
  std::vector<std::string> DoubleBounceAddress() const;
  bool WentToDoubleBounceAddress() const;
  void Warn(Notification& notification);
  Notification Make(Kind kind) const;
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

// Who has waited for too long has failed. As with sendmail, mail of which nobody would hear then is
// kept.
void Concluding::Expire() {
  const absl::Duration limit = Timeout(true);
  if (Wanting(report_.delayed, 'F').empty() || limit <= absl::ZeroDuration() ||
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
    delayed.result.dsn = delayed.result.status = "4.4.7";
    report_.failed.push_back(std::move(delayed));
  }
  report_.delayed.clear();
}

// All that there is to tell goes into one report.
Notification Concluding::Make(Kind kind) const {
  std::map<std::pair<std::string, size_t>, NotifiedRecipient> recipients;
  const auto add = [&](const Reported& reported, Action action) {
    for (const ReportedRecipient& one : reported) {
      recipients[one.place] = Notified(site_, one, action);
    }
  };
  add(Wanting(report_.failed, 'F'), Action::kFailed);
  if (kind == Kind::kWarning) add(Wanting(report_.delayed, 'D'), Action::kDelayed);
  for (const ReportedRecipient& sent : report_.sent) {
    const std::optional<Action> receipt =
        ReceiptFor(envelope_, sent.recipient, *sent.mailer, sent.primary, sent.result);
    if (receipt.has_value() && sent.primary) add({sent}, *receipt);
  }
  add(report_.lists, Action::kListed);

  Notification notification;
  notification.kind = kind;
  notification.received_from = report_.received_from;
  notification.late = !expiry_.empty();
  notification.transcript = absl::StrCat(report_.transcript, expiry_);
  notification.headers_only =
      std::any_of(report_.failed.begin(), report_.failed.end(),
                  [](const ReportedRecipient& r) { return r.result.too_large; });
  notification.to = {envelope_.sender_bracketed ? absl::StrCat("<", envelope_.sender, ">")
                                                : envelope_.sender};
  for (auto& [place, recipient] : recipients) {
    notification.recipients.push_back(std::move(recipient));
  }
  return notification;
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

bool Concluding::WantsReceipt() const {
  if (is_report() || envelope_.sender.empty() || options_.Has(PrivacyFlag::kNoReceipts)) {
    return false;
  }
  return !Wanting(report_.lists, 'S').empty() ||
         std::any_of(report_.sent.begin(), report_.sent.end(), [this](const ReportedRecipient& r) {
           return ReceiptFor(envelope_, r.recipient, *r.mailer, r.primary, r.result).has_value();
         });
}

Task<absl::Status> Concluding::Tell() {
  const bool failed = !Wanting(report_.failed, 'F').empty();
  if (ShouldWarn()) {
    Notification notification = Make(Kind::kWarning);
    Warn(notification);
    const std::string subject = notification.subject();
    if (failed) {
      CO_RETURN_IF_ERROR(co_await Return(std::move(notification)));
    } else {
      CO_RETURN_IF_ERROR(co_await Send(std::move(notification), subject));
    }
    envelope_.flags = absl::StrCat("w", envelope_.flags);
    conclusion_.remark = subject;
    conclusion_.message_text = subject;
    co_return absl::OkStatus();
  }
  if (failed) co_return co_await Return(Make(Kind::kFailure));
  if (!WantsReceipt()) co_return absl::OkStatus();
  Notification notification = Make(Kind::kSuccess);
  const std::string subject = notification.subject();
  co_return co_await Send(std::move(notification), subject);
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
  copied.to = AddressesOf(options_.Text(OptionId::kPostmasterCopy));
  if (copied.to.empty()) co_return absl::OkStatus();
  co_return co_await Send(std::move(copied), what);
}

Task<absl::Status> Concluding::ReturnReport(Notification notification, std::string what) {
  if (FieldValue(envelope_.header, "Auto-Submitted") == kPostmasterNotification &&
      WentToDoubleBounceAddress()) {
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

// A copy for somebody else is no last resort. True also if there is none.
bool Concluding::WentToDoubleBounceAddress() const {
  const std::vector<std::string> last = DoubleBounceAddress();
  if (last.empty()) return true;
  return std::all_of(report_.failed.begin(), report_.failed.end(), [&](const auto& failed) {
    absl::string_view asked = failed.recipient.final_recipient;
    absl::ConsumePrefix(&asked, "RFC822; ");
    return std::any_of(last.begin(), last.end(), [asked](absl::string_view address) {
      return absl::EqualsIgnoreCase(asked, address) ||
             (!absl::StrContains(address, '@') &&
              absl::StartsWithIgnoreCase(asked, absl::StrCat(address, "@")));
    });
  });
}

std::vector<std::string> Concluding::DoubleBounceAddress() const {
  return AddressesOf(options_.Text(OptionId::kDoubleBounceAddress));
}

// Once, if the message waits for longer than Timeout.queuewarn, or than the sender has said.
bool Concluding::ShouldWarn() const {
  const absl::Duration limit = Timeout(false);
  const bool late =
      limit > absl::ZeroDuration() && env_.clock().WallNow() - envelope_.created > limit;
  const int message_class = ImportanceOf(site_.configuration(), envelope_.header).message_class;
  return !Wanting(report_.delayed, 'D').empty() && (late || ExceededTime() != 0) && !is_report() &&
         !envelope_.sender.empty() && message_class >= 0 &&
         !absl::StrContains(envelope_.flags, 'w');
}

int64_t Concluding::ExceededTime() const {
  const std::optional<DeliverBy>& by = envelope_.deliver_by;
  if (!by.has_value() || by->mode != DeliverBy::Mode::kNotify || by->seconds <= 0) return 0;
  const absl::Duration age = env_.clock().WallNow() - envelope_.created;
  return age > absl::Seconds(by->seconds) ? by->seconds : 0;
}

void Concluding::Warn(Notification& notification) {
  notification.interval = IntervalText(Timeout(false));
  notification.deliver_by = ExceededTime();
  const absl::Duration until = Timeout(true);
  const std::string what =
      notification.deliver_by != 0
          ? notification.subject()
          : absl::StrCat("Warning: message still undelivered after ", notification.interval);
  absl::StrAppend(&notification.transcript, what, "\nWill keep trying until message is ",
                  IntervalText(until), " old\n");
  notification.retry_until = envelope_.created + until;
}

Task<absl::StatusOr<Conclusion>> Concluding::Run() {
  Expire();
  CO_RETURN_IF_ERROR(co_await Tell());
  if (conclusion_.lost) co_return std::move(conclusion_);
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
