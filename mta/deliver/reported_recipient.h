// How the end of a delivery is told in a report: one recipient's fields, and the lines of the
// transcript that its failure or delay leaves. The words are sendmail's.
#ifndef STAGEPOST_MTA_DELIVER_REPORTED_RECIPIENT_H_
#define STAGEPOST_MTA_DELIVER_REPORTED_RECIPIENT_H_

#include <optional>
#include <string>
#include <vector>

#include "mta/bounce/notification.h"
#include "mta/deliver/conclude.h"
#include "mta/site/site.h"

namespace stagepost {

// What a receipt says of one who has the mail, if anybody is to be told. Who is not primary (see
// SendEntry) is the reason for a receipt, if it is a user of this host, and not named in it.
// RFC 3461, 5.2.2; RFC 2852, 4.2.
std::optional<NotifiedRecipient::Action> ReceiptFor(const Envelope& envelope,
                                                    const Recipient& recipient,
                                                    const Mailer& mailer, bool primary,
                                                    const DeliveryResult& result);

NotifiedRecipient Notified(Site& site, const ReportedRecipient& reported,
                           NotifiedRecipient::Action action);

// What log lines say the report is about: "User unknown".
std::string LogTextOf(const ReportedRecipient& failed);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_REPORTED_RECIPIENT_H_
