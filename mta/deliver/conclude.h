// The end of a delivery job: what it leaves for those who have to be told.
//
// One place for it: bounces, warnings and reports of success begin here. A report is durable before
// the recipients that it tells of leave their envelope; a crash between has it sent twice.
#ifndef STAGEPOST_MTA_DELIVER_CONCLUDE_H_
#define STAGEPOST_MTA_DELIVER_CONCLUDE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
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
  // It failed as it was resolved or expanded: no mailer has been asked.
  bool in_expansion = false;
  // The list with an owner that it is a member of, "<list@corp.example>"; empty: none.
  std::string mailing_list;
  bool primary = true;  // as in SendEntry
  // Reports have their recipients in this order: by host, then as the expansion has found them.
  std::pair<std::string, size_t> place;
};

struct JobReport {
  std::vector<ReportedRecipient> failed;   // for good
  std::vector<ReportedRecipient> delayed;  // to be tried again
  std::vector<ReportedRecipient> sent;     // delivered here, or passed on
  std::vector<ReportedRecipient> lists;    // passed on to envelopes of their owners
  std::string transcript;                  // what expansion, mailers and servers had to say
  std::string received_from;               // "host.outside.example"; empty: not known any more
};

struct Conclusion {
  // Those that stay in the envelope.
  std::vector<Recipient> staying;
  // Messages that are new in the queue, to be delivered when this one is done.
  std::vector<std::string> notifications;
  // What mailq shows of the message from now on; nullopt: nothing new.
  std::optional<std::string> message_text;
  // What a person is told who watches: "Cannot send message for 5 days"; empty: nothing.
  std::string remark;
  // The message has been set aside: a report about a report could not be delivered either.
  bool lost = false;
};

// Tells the sender what there is to tell: failures, also of recipients that have been tried for too
// long (Timeout.queuereturn), whose message waits longer than Timeout.queuewarn, and successes
// where they were asked for. A report that fails goes to DoubleBounceAddress, and what fails of
// that is set aside as Qf<id>. Flag w of the envelope may be set. An error is one of the queue:
// nobody has been told of the recipients, and they must stay.
Task<absl::StatusOr<Conclusion>> Conclude(Site& site, Queue& queue, QueuedMessage& message,
                                          JobReport report);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_CONCLUDE_H_
