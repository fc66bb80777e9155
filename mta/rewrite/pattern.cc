#include "mta/rewrite/pattern.h"

#include <algorithm>
#include <limits>
#include <string>

#include "absl/base/attributes.h"
#include "absl/strings/match.h"
#include "mta/base/check.h"

namespace stagepost {

// One search. What it is in the middle of stands in registers where it can: whatever takes its
// address has its own copy.
class Pattern::Search {
 public:
  Search(const Pattern& pattern, absl::Span<const Token> tokens, MatchContext& context,
         Bindings& bindings)
      : pattern_(pattern),
        tokens_(tokens.data()),
        end_(tokens_ + tokens.size()),
        context_(context),
        taken_(bindings.data()) {}

  ABSL_ATTRIBUTE_ALWAYS_INLINE bool Run() {
    Place at = {pattern_.elements_.data(), tokens_};
    while (true) {
      const Element& element = *at.element;
      Place next;
      switch (element.kind) {
        case Kind::kLiteral:
          next = Literals(&element, at.token);
          break;
        case Kind::kUpTo:
          next = UpTo(element, at.token, at.token + element.least);
          break;
        case Kind::kRest:  // takes all, or there are too few tokens
          if (element.least > end_ - at.token) break;
          taken_[element.before] = {at.token, end_};
          return true;
        case Kind::kEnd:
          if (at.token == end_) return true;
          break;
        default:
          next = Step(element, at.token);
          break;
      }
      if (next.element == nullptr) {
        if (element.before == 0) return false;
        next = BackUp(element.before);
        if (next.element == nullptr) return false;
      }
      at = next;
    }
  }

 private:
  // Backing up this often is usual; then it begins to pay to remember.
  static constexpr int kForgetfulSteps = 200;

  // All before an element and a token fits. No element: nothing does.
  struct Place {
    const Element* element = nullptr;
    const Token* token = nullptr;
  };

  // Matches one element of a less usual kind, as little as it can be.
  ABSL_ATTRIBUTE_ALWAYS_INLINE Place Step(const Element& element, const Token* token) {
    switch (element.kind) {
      case Kind::kStretch:
        return Stretch(element, token, token + element.least);
      case Kind::kOne:
        return token < end_ ? Bind(element, token, token + 1) : Place();
      case Kind::kNotClass:
        return token < end_ && !element.words->Contains(*token) ? Bind(element, token, token + 1)
                                                                : Place();
      case Kind::kClass:
        return Phrase(element, token, 1);
      case Kind::kNothing:
        return {&element + 1, token};
      case Kind::kMacro:
        // Even one without a value needs something to stand before.
        return token < end_ ? MacroValue(element, token) : Place();
      default:
        return {};
    }
  }

  // All literals from here to the next element that is none.
  ABSL_ATTRIBUTE_ALWAYS_INLINE Place Literals(const Element* element, const Token* token) const {
    do {
      if (token == end_ || !SameToken(*element->token, *token)) return {};
      ++token;
      ++element;
    } while (element->kind == Kind::kLiteral);
    return {element, token};
  }

  // The wildcard takes the tokens from `first` to before `end`. Nowhere: that has failed before.
  ABSL_ATTRIBUTE_ALWAYS_INLINE Place Bind(const Element& element, const Token* first,
                                          const Token* end) {
    const Place next = {&element + 1, end};
    if (Failed(next)) return {};
    taken_[element.before] = {first, end};
    return next;
  }

  // $* or $+ in front of a literal takes the tokens up to `end`, and then what it will have to take
  // anyhow: all up to the next token that is the literal, which has matched then.
  ABSL_ATTRIBUTE_ALWAYS_INLINE Place UpTo(const Element& element, const Token* first,
                                          const Token* end) {
    const Token& literal = element.token[1];
    for (; end < end_; ++end) {
      if (!SameToken(literal, *end)) continue;
      if (Bind(element, first, end).element != nullptr) return {&element + 2, end + 1};
    }
    return {};
  }

  // $* or $+ in front of a wildcard takes the tokens up to `end`.
  Place Stretch(const Element& element, const Token* first, const Token* end) {
    for (; end <= end_; ++end) {
      const Place next = Bind(element, first, end);
      if (next.element != nullptr) return next;
    }
    return {};
  }

  // $=x takes its shortest phrase of at least `least` tokens.
  Place Phrase(const Element& element, const Token* first, size_t least) {
    const absl::Span<const Token> tokens(tokens_, end_ - tokens_);
    while (true) {
      const size_t count =
          element.words->ShortestPhrase(tokens, first - tokens_, least, context_.blank);
      if (count == 0) return {};
      const Place next = Bind(element, first, first + count);
      if (next.element != nullptr) return next;
      least = count + 1;
    }
  }

  // The value of the macro against the tokens' characters, without regard to case.
  Place MacroValue(const Element& macro, const Token* token) const {
    context_.asked.Note(macro.token->name);
    const Text* const value = context_.macros->Find(macro.token->name);
    if (value == nullptr) return {&macro + 1, token};
    const std::string written = WriteText(*value, *context_.names);
    absl::string_view rest = written;
    for (; !rest.empty(); ++token) {
      if (token == end_) return {};
      const absl::string_view text = token->text();
      if (!absl::EqualsIgnoreCase(rest.substr(0, text.size()), text)) return {};
      rest.remove_prefix(text.size());
    }
    return {&macro + 1, token};
  }

  // Lets the last of the first `bound` wildcards that can take more. Nowhere: none can.
  ABSL_ATTRIBUTE_NOINLINE Place BackUp(size_t bound) {
    while (bound > 0) {
      const Binding last = taken_[--bound];
      const Element& element = pattern_.elements_[pattern_.wildcard_elements_[bound]];
      Remember({&element + 1, last.end});
      if (last.end == end_) continue;  // there is no more
      Place next;
      if (element.kind == Kind::kUpTo) {
        next = UpTo(element, last.first, last.end + 1);
      } else if (element.kind == Kind::kStretch) {
        next = Stretch(element, last.first, last.end + 1);
      } else if (element.kind == Kind::kClass) {
        next = Phrase(element, last.first, last.end - last.first + 1);
      }
      if (next.element != nullptr) return next;
    }
    return {};
  }

  size_t NumberOf(const Place& at) const {
    const size_t element = at.element - pattern_.elements_.data();
    return element * (end_ - tokens_ + 1) + (at.token - tokens_);
  }

  // Nothing that begins at this place matches.
  void Remember(Place at) {
    if (++steps_ < kForgetfulSteps) [[likely]]
      return;
    RememberNow(at);
  }
  ABSL_ATTRIBUTE_NOINLINE void RememberNow(Place at) {
    if (steps_ == kForgetfulSteps) {
      context_.failures.assign(pattern_.elements_.size() * (end_ - tokens_ + 1) / 64 + 1, 0);
    }
    context_.failures[NumberOf(at) / 64] |= uint64_t{1} << (NumberOf(at) % 64);
  }
  bool Failed(const Place& at) const {
    return steps_ >= kForgetfulSteps &&
           (context_.failures[NumberOf(at) / 64] >> (NumberOf(at) % 64) & 1) != 0;
  }

  const Pattern& pattern_;
  const Token* const tokens_;
  const Token* const end_;
  MatchContext& context_;
  Binding* const taken_;
  int steps_ = 0;
};

Pattern::Pattern(absl::Span<const Token> left, ClassIndex& classes) {
  for (const Token& token : left) elements_.push_back(ElementOf(token, classes));
  elements_.push_back({.kind = Kind::kEnd, .least = 0});
  for (size_t i = 0; i < elements_.size(); ++i) {
    Element& element = elements_[i];
    if (element.kind == Kind::kStretch) {
      const Kind next = elements_[i + 1].kind;
      if (next == Kind::kEnd) element.kind = Kind::kRest;
      if (next == Kind::kLiteral) element.kind = Kind::kUpTo;
    }
    element.before = static_cast<uint8_t>(wildcards_);
    const bool binds = element.kind != Kind::kLiteral && element.kind != Kind::kNothing &&
                       element.kind != Kind::kMacro && element.kind != Kind::kEnd;
    if (!binds) continue;
    CHECK(wildcards_ < kMaxWildcards);
    wildcard_elements_[wildcards_++] = static_cast<uint16_t>(i);
  }
  takes_all_ = elements_[0].kind == Kind::kRest;
  MakeGate(left);
}

Pattern::Element Pattern::ElementOf(const Token& token, ClassIndex& classes) {
  if (token.kind == Token::Kind::kDeferredMacro) {
    return {.kind = Kind::kMacro, .least = 0, .token = &token};
  }
  if (token.kind != Token::Kind::kOperator) return {.token = &token};
  switch (token.op) {
    case Operator::kZeroOrMore:
      return {.kind = Kind::kStretch, .least = 0, .token = &token};
    case Operator::kOneOrMore:
      return {.kind = Kind::kStretch, .token = &token};
    case Operator::kExactlyOne:
      return {.kind = Kind::kOne, .token = &token};
    case Operator::kClass:
      return {.kind = Kind::kClass, .token = &token, .words = classes.Use(token.name)};
    case Operator::kNotClass:
      return {.kind = Kind::kNotClass, .token = &token, .words = classes.Use(token.name)};
    case Operator::kHost:
      return {.kind = Kind::kNothing, .least = 0, .token = &token};
    default:
      return {.token = &token};
  }
}

void Pattern::MakeGate(absl::Span<const Token> left) {
  bool unlimited = false;
  Marker marker;
  for (size_t i = 0; i < left.size(); ++i) {
    const Element& element = elements_[i];
    gate_.needs.count += element.least;
    unlimited |= element.kind == Kind::kUpTo || element.kind == Kind::kRest ||
                 element.kind == Kind::kStretch || element.kind == Kind::kClass ||
                 element.kind == Kind::kMacro;
    if (element.kind == Kind::kLiteral) {
      marker.See(left[i]);
    } else {
      marker.Part();
    }
  }
  gate_.needs.marks = marker.marks();
  gate_.most_tokens = unlimited ? std::numeric_limits<size_t>::max() : gate_.needs.count;
  if (left.empty()) return;
  if (elements_[0].kind == Kind::kLiteral) gate_.needs.first = left.front().hash;
  if (elements_[left.size() - 1].kind == Kind::kLiteral) gate_.needs.last = left.back().hash;
}

bool Pattern::Find(absl::Span<const Token> tokens, MatchContext& context,
                   Bindings& bindings) const {
  return Search(*this, tokens, context, bindings).Run();
}

}  // namespace stagepost
