#include "mta/cf/ruleset_names.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/base/strings.h"
#include "mta/cf/option_value.h"

namespace stagepost {
namespace {

constexpr int64_t kLargestNumber = 1'000'000'000;

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

bool IsNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
}

}  // namespace

size_t RulesetNames::Entry(int number, LoadContext& context) {
  const auto [at, added] = indices_.emplace(number, context.configuration.rulesets.size());
  if (added) context.configuration.rulesets.push_back({.number = number, .name = {}, .rules = {}});
  return at->second;
}

std::optional<size_t> RulesetNames::ResolveNumber(absl::string_view text, LoadContext& context) {
  const int64_t number = ReadNumber(text, kLargestNumber);
  if (number < kMaxNumberedRulesets) return Entry(static_cast<int>(number), context);
  context.Error(absl::StrCat("bad ruleset ", number, " (", kMaxNumberedRulesets, " max)"));
  return std::nullopt;
}

std::optional<size_t> RulesetNames::Resolve(absl::string_view text, LoadContext& context) {
  text = TrimmedStart(text);
  if (text.empty() || !absl::ascii_isalnum(static_cast<unsigned char>(text[0]))) {
    context.Error(absl::StrCat("invalid ruleset name: \"", text, "\""));
    return std::nullopt;
  }
  if (IsDigit(text[0])) return ResolveNumber(text, context);
  size_t end = 0;
  while (end < text.size() && IsNameCharacter(text[end])) ++end;
  const absl::string_view name = text.substr(0, end);
  auto& numbers = context.configuration.ruleset_numbers;
  const auto known = numbers.find(ToStd(name));
  const absl::string_view behind = TrimmedStart(text.substr(end));
  if (!behind.empty() && behind[0] == '=') {
    const absl::string_view value = TrimmedStart(behind.substr(1));
    if (value.empty() || !IsDigit(value[0])) {
      context.Error(
          absl::StrCat("bad ruleset definition \"", text, "\" (number required after `=')"));
      return std::nullopt;
    }
    const int64_t number = ReadNumber(value, kLargestNumber);
    if (number >= kMaxNumberedRulesets) {
      context.Error(absl::StrCat("bad ruleset number ", number, " in \"", text, "\" (",
                                 kMaxNumberedRulesets, " max)"));
      return std::nullopt;
    }
    if (known != numbers.end() && known->second != number) {
      context.Error(absl::StrCat(text, ": ruleset changed value (old ", known->second, ", new ",
                                 number, ")"));
      return std::nullopt;
    }
    numbers.emplace(std::string(name), static_cast<int>(number));
    const size_t entry = Entry(static_cast<int>(number), context);
    RulesetSource& ruleset = context.configuration.rulesets[entry];
    if (ruleset.name.empty()) ruleset.name = std::string(name);
    return entry;
  }
  if (known != numbers.end()) return Entry(known->second, context);
  if (last_named_ == kMaxNumberedRulesets) {
    context.Error(absl::StrCat(name, ": too many named rulesets (", kMaxNumberedRulesets, " max)"));
    return std::nullopt;
  }
  --last_named_;
  numbers.emplace(std::string(name), last_named_);
  const size_t entry = Entry(last_named_, context);
  context.configuration.rulesets[entry].name = std::string(name);
  return entry;
}

}  // namespace stagepost
