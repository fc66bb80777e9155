#include "mta/cf/option_value.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace stagepost {
namespace {

// Messages about one value; a hostile one could have a bad character at every place.
constexpr size_t kMaxMessages = 100;

std::optional<int64_t> SecondsOf(char unit) {
  switch (unit) {
    case 'w':
      return 7 * 24 * 3600;
    case 'd':
      return 24 * 3600;
    case 'h':
      return 3600;
    case 'm':
      return 60;
    case 's':
      return 1;
    default:
      return std::nullopt;
  }
}

// Takes the digits at the front of `text`; their value, at most `limit`.
int64_t TakeDigits(absl::string_view& text, int base, int64_t limit) {
  int64_t number = 0;
  while (!text.empty() && text[0] >= '0' && text[0] < '0' + base) {
    number = std::min(limit, number * base + (text[0] - '0'));
    text.remove_prefix(1);
  }
  return number;
}

}  // namespace

bool ReadFlag(absl::string_view text) { return text.empty() || absl::StrContains("tTyY", text[0]); }

int64_t ReadNumber(absl::string_view text, int64_t limit) {
  text = absl::StripLeadingAsciiWhitespace(text);
  const bool negative = absl::StartsWith(text, "-");
  if (negative || absl::StartsWith(text, "+")) text.remove_prefix(1);
  const int64_t number = TakeDigits(text, 10, limit);
  return negative ? -number : number;
}

int64_t ReadOctal(absl::string_view text) {
  text = absl::StripLeadingAsciiWhitespace(text);
  return TakeDigits(text, 8, 07777);
}

int64_t ReadInterval(absl::string_view text, char unit, std::vector<std::string>& messages) {
  if (absl::EqualsIgnoreCase(text, "now")) return 0;
  const bool negative = absl::ConsumePrefix(&text, "-");
  int64_t sum = 0;
  while (!text.empty()) {
    const int64_t number = TakeDigits(text, 10, kMaxIntervalSeconds);
    const char written = text.empty() ? unit : text[0];
    if (!text.empty()) text.remove_prefix(1);
    if (const std::optional<int64_t> seconds = SecondsOf(written)) {
      sum = std::min(kMaxIntervalSeconds, sum + number * *seconds);
    } else if (messages.size() < kMaxMessages) {
      messages.push_back(absl::StrCat("Invalid time unit `", std::string(1, written), "'"));
    }
  }
  return negative ? -sum : sum;
}

UserText SplitUser(absl::string_view text) {
  const size_t separator = text.find_first_of(".:/");
  if (separator == absl::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, separator), text.substr(separator + 1)};
}

}  // namespace stagepost
