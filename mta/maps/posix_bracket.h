// Bracket expressions of POSIX patterns, "[^a-z[:digit:]]", for RE2. regex(7). A part of
// TranslatePosixPattern().
#ifndef STAGEPOST_MTA_MAPS_POSIX_BRACKET_H_
#define STAGEPOST_MTA_MAPS_POSIX_BRACKET_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/maps/posix_pattern.h"

namespace stagepost {

// One byte, as RE2 takes it for itself.
std::string WriteRe2Byte(unsigned char c);

// Takes a bracket expression off `rest`, from behind its '[' to its ']'. Errors as
// TranslatePosixPattern().
absl::StatusOr<std::string> TranslateBracket(absl::string_view& rest, PosixCase letters);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_POSIX_BRACKET_H_
