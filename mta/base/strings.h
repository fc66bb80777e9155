// Between absl::string_view and std::string_view.
//
// Debian's Abseil is built with its own string_view, which is not the standard one and does not
// convert to it. The house uses absl::string_view everywhere; RE2 and the standard library take only
// the standard one. These two functions are the only bridge.
#ifndef STAGEPOST_MTA_BASE_STRINGS_H_
#define STAGEPOST_MTA_BASE_STRINGS_H_

#include <string_view>

#include "absl/strings/string_view.h"

namespace stagepost {

constexpr std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }
constexpr absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BASE_STRINGS_H_
