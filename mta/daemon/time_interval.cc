#include "mta/daemon/time_interval.h"

#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace stagepost {
namespace {

// Ten years: nothing here waits longer, and sums stay far from any overflow.
constexpr int64_t kMaxNumber = 10 * 366 * 24 * 3600LL;

std::optional<absl::Duration> Unit(char letter) {
  switch (letter) {
    case 'w':
      return absl::Hours(24 * 7);
    case 'd':
      return absl::Hours(24);
    case 'h':
      return absl::Hours(1);
    case 'm':
      return absl::Minutes(1);
    case 's':
      return absl::Seconds(1);
    default:
      return std::nullopt;
  }
}

}  // namespace

absl::StatusOr<absl::Duration> ParseInterval(absl::string_view text, char default_unit) {
  absl::Duration sum;
  size_t at = 0;
  std::string wrong;  // a line for each unit
  do {
    int64_t number = 0;
    while (at < text.size() && absl::ascii_isdigit(text[at])) {
      number = number * 10 + (text[at++] - '0');
      if (number > kMaxNumber) return absl::InvalidArgumentError("Time too long");
    }
    const char letter = at < text.size() ? text[at++] : default_unit;
    const std::optional<absl::Duration> unit = Unit(absl::ascii_tolower(letter));
    if (!unit.has_value()) {
      absl::StrAppend(&wrong, wrong.empty() ? "" : "\n", "Invalid time unit `",
                      absl::string_view(&letter, 1), "'");
      continue;
    }
    sum += number * *unit;
  } while (at < text.size());
  if (!wrong.empty()) return absl::InvalidArgumentError(wrong);
  if (sum > absl::Seconds(kMaxNumber)) return absl::InvalidArgumentError("Time too long");
  return sum;
}

std::string FormatInterval(absl::Duration interval) {
  const int64_t seconds = absl::ToInt64Seconds(interval);
  const int64_t days = seconds / 86400;
  return absl::StrCat(
      days > 0 ? absl::StrCat(days, "+") : "",
      absl::StrFormat("%02d:%02d:%02d", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60));
}

}  // namespace stagepost
