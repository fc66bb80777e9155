// What the macro format does: printf for m4.
#ifndef STAGEPOST_MTA_M4_FORMAT_H_
#define STAGEPOST_MTA_M4_FORMAT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace stagepost {

struct M4FormatResult {
  std::string text;
  std::vector<std::string> messages;  // as GNU m4 says them, without file and line
  bool too_long = false;              // the text would be longer than allowed
};

// `arguments`: what the specifiers take, in order; a missing one is empty or 0. Specifiers:
// %[-+ #0][WIDTH|*][.PRECISION|.*][hh|h|l] and one of aAcdeEfFgGiosuxX%. Others are left out, with
// a message. GNU m4 manual, "Format".
M4FormatResult FormatM4(absl::string_view format, absl::Span<const absl::string_view> arguments,
                        size_t max_bytes);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_M4_FORMAT_H_
