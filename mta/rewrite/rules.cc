#include "mta/rewrite/rules.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/strings.h"

namespace stagepost {
namespace {

// Numbers that may be written; the others are for names.
constexpr int kMaxRulesetNumber = kMaxRulesets / 2;

// Of a rule that never matches.
constexpr Gate kClosed = {.needs = {.count = 1}, .most_tokens = 0};

bool Binds(const Token& token) {
  return token.Is(Operator::kZeroOrMore) || token.Is(Operator::kOneOrMore) ||
         token.Is(Operator::kExactlyOne) || token.Is(Operator::kClass) ||
         token.Is(Operator::kNotClass);
}

// What may not stand on a left side, as messages name it; empty: it may.
std::string MisusedOnLeft(const Token& token) {
  if (token.kind != Token::Kind::kOperator) return "";
  switch (token.op) {
    case Operator::kReplacement:
      return "$1-$9";
    case Operator::kUser:
    case Operator::kCall:
    case Operator::kIf:
    case Operator::kEndIf:
    case Operator::kCanonical:
    case Operator::kCanonicalEnd:
    case Operator::kLookup:
    case Operator::kLookupEnd:
      return std::string(token.text().substr(0, 2));
    default:
      return "";
  }
}

std::string MisusedOnRight(const Token& token) {
  return Binds(token) ? std::string(token.text().substr(0, 2)) : "";
}

class Checker {
 public:
  Checker(const RuleSource& source, Diagnostics& diagnostics)
      : source_(source), diagnostics_(diagnostics) {}

  // Whether a pattern can be made of it.
  bool Left(absl::Span<const Token> left) {
    if (left.empty()) {
      Error("R line: null LHS");
      return false;
    }
    for (const Token& token : left) {
      const std::string misused = MisusedOnLeft(token);
      if (!misused.empty()) Error(absl::StrCat("Inappropriate use of ", misused, " on LHS"));
      if (Binds(token)) ++wildcards_;
    }
    if (wildcards_ > kMaxWildcards) {
      Error("R line: too many wildcards");
      return false;
    }
    return true;
  }

  void Right(absl::Span<const Token> right) {
    if (right.empty()) Error("R line: null RHS");
    const Operator* closing = nullptr;
    static constexpr Operator kLookupEnd = Operator::kLookupEnd;
    static constexpr Operator kCanonicalEnd = Operator::kCanonicalEnd;
    for (const Token& token : right) {
      const std::string misused = MisusedOnRight(token);
      if (!misused.empty()) Error(absl::StrCat("Inappropriate use of ", misused, " on RHS"));
      if (token.Is(Operator::kReplacement) && (token.digit == 0 || token.digit > wildcards_)) {
        Error(absl::StrCat("replacement $", token.digit, " out of bounds"));
      }
      if (token.Is(Operator::kLookup) || token.Is(Operator::kCanonical)) {
        if (closing != nullptr) Error("cannot nest map lookups");
        closing = token.Is(Operator::kLookup) ? &kLookupEnd : &kCanonicalEnd;
      } else if (closing != nullptr && token.Is(*closing)) {
        closing = nullptr;
      }
    }
    if (closing != nullptr) Error("missing map closing token");
  }

  void Error(absl::string_view text) {
    diagnostics_.push_back({.severity = Diagnostic::Severity::kError,
                            .where = source_.where,
                            .text = std::string(text)});
  }

 private:
  const RuleSource& source_;
  Diagnostics& diagnostics_;
  size_t wildcards_ = 0;
};

}  // namespace

Rulesets::Rulesets(const Configuration& configuration, const Tokenizer& tokenizer,
                   ClassIndex& classes, Diagnostics& diagnostics)
    : rulesets_(kMaxRulesets), numbers_(configuration.ruleset_numbers) {
  for (int number = 0; number < kMaxRulesets; ++number) {
    rulesets_[number].name = absl::StrCat(number);
  }
  for (const RulesetSource& source : configuration.rulesets) {
    if (source.number < 0 || source.number >= kMaxRulesets) continue;
    Ruleset& ruleset = rulesets_[source.number];
    if (!source.name.empty()) ruleset.name = source.name;
    for (const RuleSource& rule : source.rules) {
      Compile(rule, configuration, tokenizer, classes, ruleset, diagnostics);
    }
  }
}

void Rulesets::Compile(const RuleSource& source, const Configuration& configuration,
                       const Tokenizer& tokenizer, ClassIndex& classes, Ruleset& ruleset,
                       Diagnostics& diagnostics) {
  Checker checker(source, diagnostics);
  Rule& rule = *ruleset.rules.emplace_back(std::make_unique<Rule>());
  rule.line = source.where.line;
  for (const RewriteMessage& message :
       tokenizer.ScanText(source.left, configuration.names, rule.left).messages) {
    checker.Error(message.text);
  }
  const bool matches = checker.Left(rule.left);
  for (const RewriteMessage& message :
       tokenizer.ScanText(source.right, configuration.names, rule.right).messages) {
    checker.Error(message.text);
  }
  checker.Right(rule.right);
  if (matches) rule.pattern.emplace(rule.left, classes);
  ruleset.candidates.push_back({matches ? rule.pattern->gate() : kClosed, &rule});
  ResolveCalls(rule.right.tokens());
  for (const Token& token : rule.right) rule.errands.Note(token);
  if (rule.right.empty()) return;
  if (rule.right[0].Is(Operator::kUser)) rule.then = Rule::Then::kNext;
  if (rule.right[0].Is(Operator::kHost)) rule.then = Rule::Then::kReturn;
  CutRight(rule);
}

// Finds the pieces of the right side.
void Rulesets::CutRight(Rule& rule) {
  using Kind = Rule::Piece::Kind;
  absl::Span<const Token> rest = rule.right;
  if (rule.then != Rule::Then::kAgain) rest.remove_prefix(1);
  const auto is_call = [](const Token& token) { return token.Is(Operator::kCall); };
  if (!rule.errands.lookups && rest.size() >= kCallTokens && is_call(rest[0]) &&
      rest[1].ruleset >= 0 && std::count_if(rest.begin(), rest.end(), is_call) == 1) {
    rule.tail_call = rest[1].ruleset;
    rule.pieces.push_back({.tokens = rest.subspan(0, kCallTokens)});
    rest.remove_prefix(kCallTokens);
  }
  rule.keeps_tokens = KeepsTokens(rule.left, rest);
  const size_t first = rule.pieces.size();
  for (; !rest.empty(); rest.remove_prefix(1)) {
    Kind kind = Kind::kTokens;
    if (rest[0].kind == Token::Kind::kDeferredMacro) kind = Kind::kMacro;
    if (rest[0].Is(Operator::kReplacement)) {
      const size_t wildcards = rule.pattern.has_value() ? rule.pattern->wildcards() : 0;
      const bool known = rest[0].digit > 0 && rest[0].digit <= wildcards;
      kind = known ? Kind::kReplacement : Kind::kNothing;
    }
    if (kind == Kind::kTokens && rule.pieces.size() > first && rule.pieces.back().kind == kind) {
      absl::Span<const Token>& last = rule.pieces.back().tokens;
      last = {last.data(), last.size() + 1};
    } else {
      rule.pieces.push_back({kind, static_cast<uint8_t>(rest[0].digit - 1), rest.subspan(0, 1)});
    }
  }
  rule.simple = !rule.errands.lookups && (!rule.errands.calls || rule.tail_call >= 0) &&
                std::all_of(rule.pieces.begin(), rule.pieces.end(), [](const Rule::Piece& piece) {
                  return piece.kind <= Kind::kReplacement;
                });
}

// Whether what a left side matches and what the right side makes of it are the same, in upper and
// lower case too.
bool Rulesets::KeepsTokens(absl::Span<const Token> left, absl::Span<const Token> right) {
  if (left.size() != right.size()) return false;
  size_t wildcards = 0;
  for (size_t i = 0; i < left.size(); ++i) {
    if (Binds(left[i])) {
      if (!right[i].Is(Operator::kReplacement) || right[i].digit != ++wildcards) return false;
    } else if (left[i].kind != Token::Kind::kSpecial || right[i].kind != Token::Kind::kSpecial ||
               left[i].size != 1 || left[i].text() != right[i].text()) {
      return false;
    }
  }
  return true;
}

// The rulesets that words behind $> name are found out once.
void Rulesets::ResolveCalls(std::vector<Token>& right) const {
  for (size_t i = 1; i < right.size(); ++i) {
    if (!right[i - 1].Is(Operator::kCall) || right[i].kind != Token::Kind::kWord) continue;
    if (absl::StrContains(right[i].text(), '\\')) continue;
    right[i].ruleset = static_cast<int16_t>(Find(right[i].text()).number);
  }
}

CalledRuleset Rulesets::Find(absl::string_view name_or_number) const {
  if (!name_or_number.empty() && absl::ascii_isdigit(name_or_number[0])) {
    int number = 0;
    for (const char c : name_or_number) {
      if (!absl::ascii_isdigit(c) || number > kMaxRulesets) break;
      number = 10 * number + (c - '0');
    }
    if (number < kMaxRulesetNumber) return {.number = number, .message = {}};
    return {.number = -1,
            .message = absl::StrCat("bad ruleset ", number, " (", kMaxRulesetNumber, " max)")};
  }
  const auto found = numbers_.find(ToStd(name_or_number));
  if (found != numbers_.end()) return {.number = found->second, .message = {}};
  if (name_or_number.empty() ||
      !(absl::ascii_isalpha(name_or_number[0]) || name_or_number[0] == '_')) {
    return {.number = -1,
            .message = absl::StrCat("invalid ruleset name: \"", name_or_number, "\"")};
  }
  return {};
}

}  // namespace stagepost
