// Dates of message headers (RFC 5322, section 3.3), as sendmail writes them.
#ifndef STAGEPOST_MTA_MESSAGE_DATE_H_
#define STAGEPOST_MTA_MESSAGE_DATE_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace stagepost {

// "Fri, 20 Nov 2026 06:33:32 GMT", "Fri, 20 Nov 2026 07:33:32 +0100 (CET)": the day of the month
// without a leading zero. A zone whose name is UTC or GMT is written "GMT", as sendmail does where
// TZ is not set.
std::string FormatDate(absl::Time time, absl::TimeZone zone);

// "Fri Nov 20 06:33:32 2026", as ctime(3) writes it ($d).
std::string FormatCtime(absl::Time time, absl::TimeZone zone);

// "202611200633", the beginning of a Message-Id: minutes, in UTC ($t).
std::string FormatMessageIdTime(absl::Time time);

// The date at the end of a mailbox's "From user Fri Nov 20 10:00:00 2026" line, read in `zone`.
std::optional<absl::Time> ParseFromLineDate(absl::string_view line, absl::TimeZone zone);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_DATE_H_
