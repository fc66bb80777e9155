// The argument of -q.
#ifndef STAGEPOST_MTA_DAEMON_QUEUE_REQUEST_H_
#define STAGEPOST_MTA_DAEMON_QUEUE_REQUEST_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/daemon/settings.h"

namespace stagepost {

// Adds what `value` says to `request`: "30m", "p5m", "f", "Gname", "Itext", "!Rtext", "Q", "L", and
// "0" for one run. What is wrong with it, in sendmail's words; nullopt: nothing.
std::optional<std::string> ReadQueueRequest(absl::string_view value, QueueRequest& request);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_QUEUE_REQUEST_H_
