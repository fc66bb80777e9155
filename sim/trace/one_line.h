// Text of any kind as one printable line: what is not printable ASCII is written as \n, \r, \t,
// \xNN. Quotes and backslashes stay as they are, since people read this and nothing parses it.
#ifndef STAGEPOST_SIM_TRACE_ONE_LINE_H_
#define STAGEPOST_SIM_TRACE_ONE_LINE_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace stagepost {

// At most `max` bytes of `text`; when there are more, "... (N more)" follows.
std::string OneLine(absl::string_view text, size_t max);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_TRACE_ONE_LINE_H_
