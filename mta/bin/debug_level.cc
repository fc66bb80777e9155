#include "mta/bin/debug_level.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace stagepost {
namespace {

constexpr int kMost = 100'000;

// Takes the digits from the front; nullopt: there are none.
std::optional<int> TakeNumber(absl::string_view& text) {
  if (text.empty() || !absl::ascii_isdigit(text[0])) return std::nullopt;
  int number = 0;
  while (!text.empty() && absl::ascii_isdigit(text[0])) {
    number = std::min(kMost, number * 10 + (text[0] - '0'));
    text.remove_prefix(1);
  }
  return number;
}

}  // namespace

int DebugLevel(const std::vector<std::string>& specifications, int category) {
  int level = 0;
  for (const std::string& specification : specifications) {
    for (absl::string_view item : absl::StrSplit(specification, ',')) {
      const std::optional<int> first = TakeNumber(item);
      if (!first.has_value()) continue;
      std::optional<int> last = first;
      if (!item.empty() && item[0] == '-') {
        item.remove_prefix(1);
        last = TakeNumber(item);
      }
      if (!last.has_value() || category < *first || category > *last) continue;
      if (!item.empty() && item[0] == '.') item.remove_prefix(1);
      level = TakeNumber(item).value_or(1);
    }
  }
  return level;
}

}  // namespace stagepost
