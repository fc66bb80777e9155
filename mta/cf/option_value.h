// How sendmail reads the values of options: leniently. Operations Guide, 5.6.
#ifndef STAGEPOST_MTA_CF_OPTION_VALUE_H_
#define STAGEPOST_MTA_CF_OPTION_VALUE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

// Ten years, in seconds: what a longer interval counts as.
inline constexpr int64_t kMaxIntervalSeconds = int64_t{10} * 366 * 24 * 3600;

// True: empty, or begins with t or y. Anything else is false, "1" and "on" too.
bool ReadFlag(absl::string_view text);

// Blanks, a sign, decimal digits; the rest is not looked at. No digits: 0. At most `limit`, on
// either side of 0.
int64_t ReadNumber(absl::string_view text, int64_t limit);

// As ReadNumber, in octal and without a sign: permissions.
int64_t ReadOctal(absl::string_view text);

// A length of time in seconds: numbers followed by w, d, h, m or s; a number at the end without one
// is in units of `unit`. A minus sign in front makes all of it negative. "now" is 0. Each character
// that is no unit is noted in `messages`, in sendmail's words, and its number does not count.
int64_t ReadInterval(absl::string_view text, char unit, std::vector<std::string>& messages);

// "user", "user:group", "user.group", "user/group".
struct UserText {
  absl::string_view user;
  std::optional<absl::string_view> group;
};
UserText SplitUser(absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_OPTION_VALUE_H_
