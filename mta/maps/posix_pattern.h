// POSIX regular expressions, extended and basic, for RE2.
//
// What RE2 understands is a language of its own, also in its POSIX mode: a backslash in brackets,
// an interval without a lower bound, the operators that GNU adds with a backslash differ. So
// patterns are read here as POSIX (1003.1, chapter 9) and glibc read them, and written down in the
// little that both agree on. RE2 needs time linear in the text, whatever the pattern; hence no
// back-references.
#ifndef STAGEPOST_MTA_MAPS_POSIX_PATTERN_H_
#define STAGEPOST_MTA_MAPS_POSIX_PATTERN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace stagepost {

enum class PosixSyntax : uint8_t { kExtended, kBasic };
enum class PosixCase : uint8_t { kSensitive, kInsensitive };

// Of a pattern; and how deep its parentheses may go.
inline constexpr size_t kMaxPatternBytes = 16 * 1024;
inline constexpr size_t kMaxPatternDepth = 100;

// The same pattern for RE2 with its default syntax, for Latin-1, dot_nl and longest_match.
// kInvalidArgument: it is none, in regerror(3)'s words; kUnimplemented: it has something that
// cannot be done here (a back-reference, \< or \>), the message says what.
//
// Without regard to case (RE2 must be told as well), letters at the ends of a range count as upper
// case ones, as they do for glibc: [A-z] is [A-Z], and [Z-a] an error.
absl::StatusOr<std::string> TranslatePosixPattern(absl::string_view pattern, PosixSyntax syntax,
                                                  PosixCase letters = PosixCase::kSensitive);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_POSIX_PATTERN_H_
