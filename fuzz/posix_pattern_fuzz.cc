// POSIX patterns in RE2 against glibc's own: a text matches here if and only if it does there, and
// in the same place.
//
// The first byte has flags, the pattern ends at a newline, the text follows.
#include <regex.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/maps/posix_pattern.h"
#include "re2/re2.h"

namespace stagepost {
namespace {

// More would make glibc slow.
constexpr size_t kMaxPattern = 24;
constexpr size_t kMaxText = 40;

// Whether glibc can be trusted with it: intervals have bugs of their own there, and each "+" of a
// "+" doubles what it has to do.
bool IsComparable(absl::string_view pattern) {
  constexpr int kMaxPlus = 4;
  int plus = 0;
  for (const char c : pattern) {
    if (c == '{' || c == '\0') return false;
    plus += c == '+' ? 1 : 0;
  }
  return plus <= kMaxPlus;
}

void Compare(const std::string& pattern, const std::string& text, const RE2& ours, int flags) {
  regex_t theirs;
  CHECK(regcomp(&theirs, pattern.c_str(), flags) == 0);
  regmatch_t group[1];
  const bool they_match = regexec(&theirs, text.c_str(), 1, group, 0) == 0;
  re2::StringPiece found;
  const bool we_match = ours.Match(text, 0, text.size(), RE2::UNANCHORED, &found, 1);
  CHECK(they_match == we_match);
  if (we_match) {
    CHECK(found.data() - text.data() == group[0].rm_so);
    CHECK(found.data() + found.size() - text.data() == group[0].rm_eo);
  }
  regfree(&theirs);
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stagepost;
  if (size == 0) return 0;
  const bool basic = (data[0] & 1) != 0;
  const bool fold = (data[0] & 2) != 0;
  const absl::string_view all(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string pattern(all.substr(0, all.find('\n')));
  const std::string text(all.substr(std::min(all.size(), pattern.size() + 1)));
  const absl::StatusOr<std::string> translated =
      TranslatePosixPattern(pattern, basic ? PosixSyntax::kBasic : PosixSyntax::kExtended,
                            fold ? PosixCase::kInsensitive : PosixCase::kSensitive);
  if (!translated.ok()) return 0;
  RE2::Options options(RE2::Latin1);
  options.set_case_sensitive(!fold);
  options.set_dot_nl(true);
  options.set_longest_match(true);
  options.set_log_errors(false);
  options.set_max_mem(8 << 20);
  const RE2 ours(*translated, options);
  if (!ours.ok()) return 0;
  if (pattern.size() > kMaxPattern || text.size() > kMaxText) return 0;
  if (!IsComparable(pattern) || absl::StrContains(text, std::string(1, '\0'))) return 0;
  Compare(pattern, text, ours, (basic ? 0 : REG_EXTENDED) | (fold ? REG_ICASE : 0));
  return 0;
}
