// The words of delivery: log lines and status texts as sendmail has them.
#ifndef STAGEPOST_MTA_DELIVER_DELIVERY_LOG_H_
#define STAGEPOST_MTA_DELIVER_DELIVERY_LOG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/queue/envelope.h"

namespace stagepost {

// "00:01:05", with days in front when there are any: "2+03:00:00". Negative times count as 0.
std::string FormatDelay(absl::Duration delay);

// The outcome of one attempt for recipients that share it.
struct DeliveryOutcome {
  std::vector<std::string> recipients;  // as log lines show them: "<alice@corp.example>"
  std::string dsn;                      // "2.1.5"
  std::string reply;                    // the server's reply if it refused; empty: none
  std::string stat;                     // "Sent", "Deferred: …"
};

// "<id>: to=<alice@corp.example>, delay=00:00:00, xdelay=00:00:00, mailer=local, pri=30368,
// relay=local, dsn=2.1.5, stat=Sent" (one line). Long lists of recipients are cut.
std::string DeliveryLogLine(const Envelope& envelope, absl::Time now, absl::Duration xdelay,
                            const DeliveryOutcome& outcome);

// "<alice@corp.example>", as in the R line, without control characters.
std::string ShownRecipient(const Recipient& recipient);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_DELIVERY_LOG_H_
