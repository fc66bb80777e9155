// The words of delivery: log lines as sendmail has them.
#ifndef STAGEPOST_MTA_DELIVER_DELIVERY_LOG_H_
#define STAGEPOST_MTA_DELIVER_DELIVERY_LOG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace stagepost {

// "00:01:05", with days in front when there are any: "2+03:00:00". Negative times count as 0.
std::string FormatDelay(absl::Duration delay);

// The outcome of one attempt for recipients that share it. What is empty is left out.
struct DeliveryLogEntry {
  absl::string_view id;
  std::vector<std::string> recipients;   // as log lines show them: "<alice@corp.example>"
  std::string controller;                // "<alice@corp.example> (2001/2001)"
  absl::Duration delay;                  // since the message was accepted
  std::optional<absl::Duration> xdelay;  // of this attempt; absent: there was none
  std::string mailer;
  int64_t priority = 0;
  std::string relay;
  std::string dsn;    // "2.1.5"
  std::string reply;  // the server's reply if it refused
  std::string stat;   // "Sent", "Deferred: …"
};

// "<id>: to=<alice@corp.example>, ctladdr=<bob@corp.example> (2002/2002), delay=00:00:00,
// xdelay=00:00:00, mailer=local, pri=30368, relay=local, dsn=2.1.5, stat=Sent". Recipients that are
// too long for one line of syslog(3) make several, all but the last with " [more]".
std::vector<std::string> DeliveryLogLines(const DeliveryLogEntry& entry);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_DELIVERY_LOG_H_
