// Delivery status notifications: what a sender is told of a message that failed, waits, or arrived.
// RFC 3461, RFC 3464, RFC 6522; Operations Guide, 5.6 (SendMimeErrors, DoubleBounceAddress,
// PostmasterCopy).
//
// The parts of a report that are made of what is known about the recipients; send_notification.h
// puts one into the queue.
#ifndef STAGEPOST_MTA_BOUNCE_NOTIFICATION_H_
#define STAGEPOST_MTA_BOUNCE_NOTIFICATION_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace stagepost {

// What happened to one recipient.
struct NotifiedRecipient {
  enum class Action {
    kFailed,
    kDelayed,
    kDelivered,
    kRelayed,
    kListed,         // delivered to a list, whose owner hears of the rest
    kNotifyRelayed,  // to who does not know DELIVERBY: nobody will tell if it takes too long
    kTraceRelayed,   // with DELIVERBY, as it was asked to be told
  };

  Action action = Action::kFailed;
  std::string address;             // as it is shown: "<nosuch@outside.example>", "|prog"
  std::string expanded_from;       // the address whose alias or file has brought it; empty: none
  std::string original_recipient;  // ORCPT: "rfc822;bob@corp.example"; empty: none was given
  std::string final_recipient;     // "RFC822; bob@corp.example"
  std::string actual_recipient;    // "rfc822; bob@mx1.corp.example"; empty: not to be told
  std::string status;              // "5.1.1"
  std::string remote_mta;          // "mail.outside.example"; empty: there was none
  std::string diagnostic_type;     // "SMTP"
  std::string diagnostic;          // "550 5.1.1 User unknown", "67"; empty: none
  std::string reason;              // the same for people; empty: none
  bool will_be_retried = true;     // of kDelayed: Will-Retry-Until is told
  bool asked_for = true;           // of successes: otherwise only programs are told
};

struct Notification {
  enum class Kind {
    kFailure,         // "Returned mail: see transcript for details"
    kWarning,         // "Warning: could not send message for past 4 hours"
    kSuccess,         // "Return receipt"
    kPostmasterCopy,  // of a failure, without the body
    kFromNobody,      // a failure of a message without a sender, for the postmaster
    kDoubleBounce,    // a report that could not be delivered, for the postmaster
  };

  Kind kind = Kind::kFailure;
  // As its To fields and R lines have them: "<alice@corp.example>", "postmaster".
  std::vector<std::string> to;
  std::vector<NotifiedRecipient> recipients;
  std::string received_from;  // "host.outside.example"; empty: not known any more
  bool headers_only = false;  // the body is not returned, whatever the sender wants
  std::string transcript;     // what mailers and servers said; lines with LF
  std::string interval;       // of a warning: "4 hours"
  int64_t deliver_by = 0;     // of a warning: the seconds of DELIVERBY that are over; 0: others are
  bool late = false;          // of a failure: somebody has been tried for too long
  std::optional<absl::Time> retry_until;

  bool is_for_postmaster() const;
  // As log lines name it: "DSN", "return to sender", "postmaster notify", "sender notify".
  absl::string_view log_name() const;
  std::string subject() const;
  absl::string_view auto_submitted() const;
};

// What is said of the message as a whole.
struct NotifiedMessage {
  std::string id;           // for those whom it can mean something
  std::string host_name;    // $j
  std::string relay;        // $_: "host.outside.example [192.0.2.33]"
  std::string envelope_id;  // ENVID, as it was given, xtext; empty: none
  std::string preface;      // of bad news: what ErrorHeader says; lines; empty: nothing
  absl::Time arrival;
  std::optional<absl::Time> deliver_by;  // BY, if there was one
  absl::Time now;
  absl::TimeZone zone;
};

// `text`, which may come from anybody, as one line of a report: without line ends and NULs.
std::string ReportLine(absl::string_view text);

// The two parts. No line of them is longer than kMaxReportLine; one that would be is cut as mailers
// cut lines, "!" and a line end and a blank: in a field that is folding.
inline constexpr size_t kMaxReportLine = 990;
// The part for people, without an empty line in front and behind.
std::string NotificationText(const Notification& notification, const NotifiedMessage& message);

// The message/delivery-status part, with an empty line behind.
std::string DeliveryStatus(const Notification& notification, const NotifiedMessage& message);

// "5 days", "1 hour 30 minutes": as sendmail says how long something takes.
std::string IntervalText(absl::Duration interval);

// "host.outside.example" of "user@host.outside.example [192.0.2.33] (may be forged)".
std::string HostOfRelay(absl::string_view relay);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BOUNCE_NOTIFICATION_H_
