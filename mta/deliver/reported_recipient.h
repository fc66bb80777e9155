// How the end of a delivery is told in a report: one recipient's fields, and the lines of the
// transcript that its failure or delay leaves. The words are sendmail's.
#ifndef STAGEPOST_MTA_DELIVER_REPORTED_RECIPIENT_H_
#define STAGEPOST_MTA_DELIVER_REPORTED_RECIPIENT_H_

#include <string>
#include <vector>

#include "mta/bounce/notification.h"
#include "mta/deliver/conclude.h"
#include "mta/site/site.h"

namespace stagepost {

NotifiedRecipient Notified(Site& site, const ReportedRecipient& reported,
                           NotifiedRecipient::Action action);

// "550 5.1.1 selfref... User unknown", a line for each that has failed as it was expanded.
// `said`: what was said meanwhile, instead of these lines, or empty.
std::string TranscriptOfExpansion(const std::vector<ReportedRecipient>& failed,
                                  absl::string_view said);
// What log lines say the report is about: "User unknown".
std::string LogTextOf(const ReportedRecipient& failed);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_REPORTED_RECIPIENT_H_
