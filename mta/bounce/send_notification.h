// Puts a notification into the queue, as a message from nobody with the flag r: what cannot be
// delivered of it is never reported to its sender.
#ifndef STAGEPOST_MTA_BOUNCE_SEND_NOTIFICATION_H_
#define STAGEPOST_MTA_BOUNCE_SEND_NOTIFICATION_H_

#include <string>

#include "absl/status/statusor.h"
#include "mta/async/task.h"
#include "mta/bounce/notification.h"
#include "mta/message/message_text.h"
#include "mta/queue/envelope.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"

namespace stagepost {

// Writes the report of `original`, whose body is `body`, and gives the id of the new message, which
// is durable and unlocked. All of it outlives the call. The body is returned unless the sender
// asked for headers only (flag n), nobodyreturn is on, the message is of a class below zero, or it
// is a receipt or a copy. An error is one of the queue: the message stays as it is, to be tried
// again.
Task<absl::StatusOr<std::string>> SendNotification(Site& site, Queue& queue,
                                                   const Envelope& original, BodySource& body,
                                                   Notification notification);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BOUNCE_SEND_NOTIFICATION_H_
