#include "mta/policy/rule_trace.h"

#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

std::string Words(absl::Span<const Token> tokens) {
  std::string words;
  for (const Token& token : tokens) absl::StrAppend(&words, words.empty() ? "" : " ", token.text());
  return words;
}

}  // namespace

void RuleTrace::Entered(absl::string_view ruleset, absl::Span<const Token> tokens) {
  ForwardingObserver::Entered(ruleset, tokens);
  frames_.push_back({std::string(ruleset), Words(tokens)});
  trace_.Record({EventKind::kRulesetEntered, ruleset, frames_.back().tokens});
}

void RuleTrace::Left(absl::string_view ruleset, absl::Span<const Token> tokens) {
  ForwardingObserver::Left(ruleset, tokens);
  // After an error the machine leaves without a word.
  while (!frames_.empty() && frames_.back().ruleset != ruleset) frames_.pop_back();
  if (!frames_.empty()) frames_.pop_back();
  trace_.Record({EventKind::kRulesetLeft, ruleset, Words(tokens)});
}

void RuleTrace::Trying(absl::Span<const Token> left, int line) {
  ForwardingObserver::Trying(left, line);
  line_ = line;
}

void RuleTrace::Matched(absl::Span<const Token> right) {
  ForwardingObserver::Matched(right);
  if (frames_.empty()) return;
  trace_.Record({EventKind::kRuleApplied, frames_.back().ruleset, frames_.back().tokens, line_});
}

void RuleTrace::Rewritten(absl::Span<const Token> tokens) {
  ForwardingObserver::Rewritten(tokens);
  if (!frames_.empty()) frames_.back().tokens = Words(tokens);
}

void RuleTrace::LookedUp(absl::string_view map, absl::string_view key,
                         const std::optional<std::string>& value) {
  ForwardingObserver::LookedUp(map, key, value);
  trace_.Record({EventKind::kMapAsked, map,
                 value.has_value() ? absl::StrCat(key, "\n", *value) : std::string(key),
                 value.has_value() ? 1 : 0});
}

}  // namespace stagepost
