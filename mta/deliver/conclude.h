// The end of a delivery job: what it leaves for those who have to be told.
//
// One place for it: bounces, warnings and reports of success begin here.
#ifndef STAGEPOST_MTA_DELIVER_CONCLUDE_H_
#define STAGEPOST_MTA_DELIVER_CONCLUDE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "mta/async/task.h"
#include "mta/deliver/delivery_result.h"
#include "mta/expand/send_list.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"

namespace stagepost {

// One recipient, as it would stand in the qf file, and how it fared.
struct ReportedRecipient {
  Recipient recipient;
  // Where it came from, up to the recipient of the envelope ("expanded from"); its own first.
  std::vector<std::string> expanded_from;
  const Mailer* mailer = nullptr;  // null: *error*
  std::string relay;
  DeliveryResult result;
};

struct JobReport {
  std::vector<ReportedRecipient> failed;   // for good
  std::vector<ReportedRecipient> delayed;  // to be tried again
  std::vector<ReportedRecipient> sent;     // delivered here, or passed on
  std::string transcript;                  // what mailers and servers said
};

// Tells the sender what there is to tell, and gives the recipients that stay in the envelope
// besides those delayed. This version sends no bounces: a recipient that failed for good stays,
// with the reason, so that nothing is lost silently.
Task<absl::StatusOr<std::vector<Recipient>>> Conclude(Site& site, Queue& queue,
                                                      const Envelope& envelope, JobReport report);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_CONCLUDE_H_
