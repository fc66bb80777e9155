#include "mta/m4/number.h"

#include <limits>

#include "absl/strings/ascii.h"

namespace stagepost {

M4Number ParseM4Number(absl::string_view text) {
  M4Number result;
  if (text.empty()) {
    result.empty = result.numeric = true;
    return result;
  }
  result.leading_space = absl::ascii_isspace(static_cast<unsigned char>(text.front()));
  while (!text.empty() && absl::ascii_isspace(static_cast<unsigned char>(text.front()))) {
    text.remove_prefix(1);
  }
  const bool negative = !text.empty() && text.front() == '-';
  if (negative || (!text.empty() && text.front() == '+')) text.remove_prefix(1);
  if (text.empty()) return result;
  constexpr uint64_t kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const uint64_t limit = kMost + (negative ? 1 : 0);
  uint64_t value = 0;
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) {
      result.numeric = false;
      break;
    }
    result.numeric = true;
    const uint64_t digit = static_cast<uint64_t>(c - '0');
    if (result.overflow || value > (limit - digit) / 10) {
      result.overflow = true;
      value = limit;
    } else {
      value = value * 10 + digit;
    }
  }
  result.value = static_cast<int64_t>(negative ? 0 - value : value);
  return result;
}

}  // namespace stagepost
