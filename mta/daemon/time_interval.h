// sendmail's way to write a length of time: "30m", "1h30m", "1w2d3h4m5s"; see "Time" in the
// Installation and Operation Guide.
#ifndef STAGEPOST_MTA_DAEMON_TIME_INTERVAL_H_
#define STAGEPOST_MTA_DAEMON_TIME_INTERVAL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace stagepost {

// Numbers followed by w, d, h, m or s; a number at the end without a letter is in units of
// `default_unit`, one of those letters. kInvalidArgument: a message in sendmail's words.
absl::StatusOr<absl::Duration> ParseInterval(absl::string_view text, char default_unit);

// "00:30:00", "1+02:00:00" (days in front): as log lines show it.
std::string FormatInterval(absl::Duration interval);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_TIME_INTERVAL_H_
