// Message text as it goes over a wire or a pipe: other line ends, and dots for SMTP's sake.
#ifndef STAGEPOST_MTA_MESSAGE_LINE_ENDS_H_
#define STAGEPOST_MTA_MESSAGE_LINE_ENDS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace stagepost {

// Appends `text` (LF line ends) to `wire` with `end_of_line` in place of each LF and, with
// `stuff_dots`, another dot in front of lines that begin with one (RFC 5321, section 4.5.2).
// `line_start` is kept between the pieces of one message and is true at first.
void AppendLines(absl::string_view text, absl::string_view end_of_line, bool stuff_dots,
                 bool& line_start, std::string& wire);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MESSAGE_LINE_ENDS_H_
