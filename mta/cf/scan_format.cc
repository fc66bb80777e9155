#include "mta/cf/scan_format.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

constexpr size_t kMaxPatternBytes = 256;

bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }

void SkipSpace(absl::string_view& text) {
  while (!text.empty() && IsSpace(text[0])) text.remove_prefix(1);
}

// The inside of [...] at the front of `pattern`, which begins behind the bracket.
std::bitset<256> TakeSet(absl::string_view& pattern) {
  std::bitset<256> set;
  const bool inverted = !pattern.empty() && pattern[0] == '^';
  if (inverted) pattern.remove_prefix(1);
  bool first = true;
  while (!pattern.empty() && (first || pattern[0] != ']')) {
    const unsigned char from = static_cast<unsigned char>(pattern[0]);
    const bool range = pattern.size() > 2 && pattern[1] == '-' && pattern[2] != ']';
    const unsigned char to = range ? static_cast<unsigned char>(pattern[2]) : from;
    for (unsigned c = from; c <= to; ++c) set.set(c);
    pattern.remove_prefix(range ? 3 : 1);
    first = false;
  }
  // Without a closing bracket the set is all that is left.
  if (!pattern.empty()) pattern.remove_prefix(1);
  return inverted ? ~set : set;
}

}  // namespace

absl::StatusOr<ScanFormat::Step> ScanFormat::ParseConversion(absl::string_view& pattern) {
  Step step;
  step.store = true;
  if (!pattern.empty() && pattern[0] == '*') {
    step.store = false;
    pattern.remove_prefix(1);
  }
  while (!pattern.empty() && absl::ascii_isdigit(static_cast<unsigned char>(pattern[0]))) {
    step.width = std::min<size_t>(step.width * 10 + (pattern[0] - '0'), 1 << 20);
    pattern.remove_prefix(1);
  }
  const char conversion = pattern.empty() ? '\0' : pattern[0];
  if (!pattern.empty()) pattern.remove_prefix(1);
  switch (conversion) {
    case 's':
      step.kind = Step::Kind::kWord;
      return step;
    case 'c':
      step.kind = Step::Kind::kCharacters;
      if (step.width == 0) step.width = 1;
      return step;
    case '[':
      step.kind = Step::Kind::kSet;
      step.set = TakeSet(pattern);
      return step;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("pattern has no word: %", std::string(1, conversion)));
  }
}

absl::StatusOr<ScanFormat> ScanFormat::Parse(absl::string_view pattern) {
  ScanFormat format;
  if (pattern.size() > kMaxPatternBytes) return absl::InvalidArgumentError("pattern too long");
  bool stored = false;
  while (!pattern.empty()) {
    Step step;
    if (IsSpace(pattern[0])) {
      step.kind = Step::Kind::kSpace;
      SkipSpace(pattern);
    } else if (pattern[0] != '%' || pattern.substr(0, 2) == "%%") {
      step.literal = pattern[0];
      pattern.remove_prefix(pattern[0] == '%' ? 2 : 1);
    } else {
      pattern.remove_prefix(1);
      absl::StatusOr<Step> conversion = ParseConversion(pattern);
      if (!conversion.ok()) return conversion.status();
      step = *std::move(conversion);
      if (step.store && stored) return absl::InvalidArgumentError("pattern has two words");
      stored |= step.store;
    }
    format.steps_.push_back(std::move(step));
  }
  return format;
}

std::optional<absl::string_view> ScanFormat::Match(const Step& step, absl::string_view& line) {
  size_t length = 0;
  const size_t most = std::min(line.size(), step.width == 0 ? line.size() : step.width);
  switch (step.kind) {
    case Step::Kind::kSpace:
      SkipSpace(line);
      return absl::string_view();
    case Step::Kind::kLiteral:
      if (line.empty() || line[0] != step.literal) return std::nullopt;
      length = 1;
      break;
    case Step::Kind::kWord: {
      SkipSpace(line);
      const size_t word = std::min(line.size(), step.width == 0 ? line.size() : step.width);
      while (length < word && !IsSpace(line[length])) ++length;
      if (length == 0) return std::nullopt;
      break;
    }
    case Step::Kind::kCharacters:
      length = step.width;
      if (line.size() < length) return std::nullopt;
      break;
    case Step::Kind::kSet:
      while (length < most && step.set[static_cast<unsigned char>(line[length])]) ++length;
      if (length == 0) return std::nullopt;
      break;
  }
  const absl::string_view taken = line.substr(0, length);
  line.remove_prefix(length);
  return taken;
}

std::optional<absl::string_view> ScanFormat::Scan(absl::string_view line) const {
  std::optional<absl::string_view> word;
  for (const Step& step : steps_) {
    const std::optional<absl::string_view> taken = Match(step, line);
    if (!taken.has_value()) break;
    if (step.store) word = taken;
  }
  return word;
}

}  // namespace stagepost
