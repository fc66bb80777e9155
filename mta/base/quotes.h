// Quotes of addresses and of values in configuration files, as sendmail takes them off.
#ifndef STAGEPOST_MTA_BASE_QUOTES_H_
#define STAGEPOST_MTA_BASE_QUOTES_H_

#include <string>

#include "absl/strings/string_view.h"

namespace stagepost {

// Without every '"' that has no backslash before it, and without the backslashes, of which a pair
// leaves one. One at the very end stays.
std::string StripQuotes(absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BASE_QUOTES_H_
