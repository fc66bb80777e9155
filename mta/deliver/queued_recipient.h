// Between the recipients of a qf file and the entries of a send list.
#ifndef STAGEPOST_MTA_DELIVER_QUEUED_RECIPIENT_H_
#define STAGEPOST_MTA_DELIVER_QUEUED_RECIPIENT_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/env/accounts.h"
#include "mta/expand/send_list.h"
#include "mta/queue/envelope.h"

namespace stagepost {

// The entry to be resolved and expanded.
SendEntry EntryOf(const Recipient& recipient, Accounts& accounts);

// What the qf file says of an entry. `queue_text`: its M line.
Recipient RecipientOf(const SendList& list, size_t entry, std::string queue_text);

// A C line, "alice:2001:2001:<alice@corp.example>"; nullopt: it names nobody. The user is not
// trusted to be an account: `name` is empty unless it has that number.
std::optional<ControllingUser> ParseController(absl::string_view line, Accounts& accounts);

// "<alice@corp.example> (2001/2001)", as log lines show it.
std::string ShownController(const ControllingUser& controller);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_QUEUED_RECIPIENT_H_
