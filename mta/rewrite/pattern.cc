#include "mta/rewrite/pattern.h"

#include <algorithm>
#include <limits>

#include "absl/base/attributes.h"
#include "absl/strings/match.h"
#include "mta/base/check.h"

namespace stagepost {

Overview OverviewOf(absl::Span<const Token> tokens) {
  Overview seen = {.count = tokens.size()};
  if (tokens.empty()) return seen;
  const Token* last = &tokens.front();
  seen.See(*last);
  for (const Token& token : tokens.subspan(1)) {
    seen.See(token);
    seen.SeePair(*last, token);
    last = &token;
  }
  seen.first = tokens.front().hash;
  seen.last = last->hash;
  return seen;
}

// One search. Places are an element of the pattern and a token of the list.
class Pattern::Search {
 public:
  Search(const Pattern& pattern, absl::Span<const Token> tokens, const MatchContext& context,
         Bindings& bindings)
      : elements_(pattern.elements_), tokens_(tokens), context_(context), bindings_(bindings) {}

  bool Run() {
    bindings_.size = 0;
    while (element_ < elements_.size() || token_ < tokens_.size()) {
      if (!(element_ < elements_.size() && Step()) && !BackUp()) return false;
    }
    return true;
  }

 private:
  // Backing up this often is usual; then it begins to pay to remember.
  static constexpr int kForgetfulSteps = 200;

  // Matches one element, as little as it can be.
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool Step() {
    const Element& element = elements_[element_];
    switch (element.kind) {
      case Kind::kLiteral:
        return Literals();
      case Kind::kAny:
        return Bind(0) && Reach() && !Failed();
      case Kind::kSome:
        return token_ < tokens_.size() && Bind(1) && Reach() && !Failed();
      case Kind::kOne:
        return token_ < tokens_.size() && Bind(1);
      case Kind::kNotClass:
        return token_ < tokens_.size() && !element.words->Contains(tokens_[token_]) && Bind(1);
      case Kind::kClass: {
        const size_t count = element.words->ShortestPhrase(tokens_, token_, 1, context_.blank);
        return count > 0 && Bind(count);
      }
      case Kind::kNothing:
        ++element_;
        return true;
      case Kind::kMacro:
        // Even one without a value needs something to stand before.
        return token_ < tokens_.size() && MatchMacro(*element.token);
    }
    return false;
  }

  // All literals from here to the next element that is none.
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool Literals() {
    do {
      if (token_ == tokens_.size() || !SameToken(*elements_[element_].token, tokens_[token_])) {
        return false;
      }
      ++token_;
      ++element_;
    } while (element_ < elements_.size() && elements_[element_].kind == Kind::kLiteral);
    return true;
  }

  ABSL_ATTRIBUTE_ALWAYS_INLINE bool Bind(size_t count) {
    taken_by_[bindings_.size] = static_cast<uint16_t>(element_);
    bindings_.taken[bindings_.size++] = {static_cast<uint16_t>(token_),
                                         static_cast<uint16_t>(count)};
    token_ += count;
    ++element_;
    return !Failed();
  }

  // Lets $* or $+, just bound, take what it will have to take anyhow: all, if it comes last; all up
  // to the next token that is the literal behind it. False: there is none any more.
  bool Reach() {
    size_t to = token_;
    if (element_ == elements_.size()) {
      to = tokens_.size();
    } else if (elements_[element_].kind == Kind::kLiteral) {
      const Token& literal = *elements_[element_].token;
      const Token* const data = tokens_.data();
      const size_t size = tokens_.size();
      while (to < size && !SameToken(literal, data[to])) ++to;
      if (to == size) return false;
    }
    Binding& binding = bindings_.taken[bindings_.size - 1];
    binding.count = static_cast<uint16_t>(to - binding.first);
    token_ = to;
    return true;
  }

  // Lets the last wildcard that can take more.
  bool BackUp() {
    while (bindings_.size > 0) {
      Binding& last = bindings_.taken[bindings_.size - 1];
      const size_t at = taken_by_[bindings_.size - 1];
      const Element& element = elements_[at];
      token_ = last.first + last.count;
      element_ = at + 1;
      Remember();
      if (element.kind == Kind::kClass) {
        const size_t count =
            element.words->ShortestPhrase(tokens_, last.first, last.count + 1, context_.blank);
        if (count > 0) {
          last.count = static_cast<uint16_t>(count);
          token_ = last.first + count;
          if (!Failed()) return true;
          continue;
        }
      } else if (element.kind == Kind::kAny || element.kind == Kind::kSome) {
        if (Extend(last)) return true;
      }
      --bindings_.size;
    }
    return false;
  }

  // Lets $* or $+ take more, to where it has not failed before.
  bool Extend(Binding& binding) {
    while (token_ < tokens_.size()) {
      ++binding.count;
      ++token_;
      if (!Reach()) return false;
      if (!Failed()) return true;
    }
    return false;
  }

  // The value of the macro against the tokens' characters, without regard to case.
  bool MatchMacro(const Token& macro) {
    const Text* const value = context_.macros.Find(macro.name);
    ++element_;
    if (value == nullptr) return true;
    const std::string written = WriteText(*value, context_.names);
    absl::string_view rest = written;
    while (!rest.empty()) {
      if (token_ == tokens_.size()) return false;
      const absl::string_view text = tokens_[token_].text();
      if (!absl::EqualsIgnoreCase(rest.substr(0, text.size()), text)) return false;
      rest.remove_prefix(text.size());
      ++token_;
    }
    return true;
  }

  size_t Place() const { return element_ * (tokens_.size() + 1) + token_; }

  // Nothing that begins at this place matches.
  void Remember() {
    if (++steps_ < kForgetfulSteps) return;
    if (steps_ == kForgetfulSteps) {
      context_.failures.assign((elements_.size() + 1) * (tokens_.size() + 1) / 64 + 1, 0);
    }
    context_.failures[Place() / 64] |= uint64_t{1} << (Place() % 64);
  }
  bool Failed() const {
    return steps_ >= kForgetfulSteps &&
           (context_.failures[Place() / 64] >> (Place() % 64) & 1) != 0;
  }

  const absl::Span<const Element> elements_;
  const absl::Span<const Token> tokens_;
  const MatchContext& context_;
  Bindings& bindings_;
  std::array<uint16_t, kMaxWildcards> taken_by_;  // which element made the binding
  size_t element_ = 0;
  size_t token_ = 0;
  int steps_ = 0;
};

Pattern::Pattern(absl::Span<const Token> left, ClassIndex& classes) {
  bool unlimited = false;
  for (const Token& token : left) {
    Element element = {.token = &token};
    if (token.kind == Token::Kind::kDeferredMacro) {
      element.kind = Kind::kMacro;
      unlimited = true;
    } else if (token.Is(Operator::kZeroOrMore)) {
      element.kind = Kind::kAny;
      unlimited = true;
    } else if (token.Is(Operator::kOneOrMore)) {
      element.kind = Kind::kSome;
      unlimited = true;
    } else if (token.Is(Operator::kExactlyOne)) {
      element.kind = Kind::kOne;
    } else if (token.Is(Operator::kClass)) {
      element.kind = Kind::kClass;
      element.words = classes.Use(token.name);
      unlimited = true;
    } else if (token.Is(Operator::kNotClass)) {
      element.kind = Kind::kNotClass;
      element.words = classes.Use(token.name);
    } else if (token.Is(Operator::kHost)) {
      element.kind = Kind::kNothing;
    } else {
      gate_.needs.See(token);
      if (!elements_.empty() && elements_.back().kind == Kind::kLiteral) {
        gate_.needs.SeePair(*elements_.back().token, token);
      }
    }
    const bool takes_none = element.kind == Kind::kAny || element.kind == Kind::kNothing ||
                            element.kind == Kind::kMacro;
    if (!takes_none) ++gate_.needs.count;
    const bool binds = element.kind != Kind::kLiteral && element.kind != Kind::kNothing &&
                       element.kind != Kind::kMacro;
    if (binds) ++wildcards_;
    elements_.push_back(element);
  }
  CHECK(wildcards_ <= kMaxWildcards);
  gate_.most_tokens = unlimited ? std::numeric_limits<size_t>::max() : gate_.needs.count;
  if (elements_.empty()) return;
  if (elements_.front().kind == Kind::kLiteral) gate_.needs.first = elements_.front().token->hash;
  if (elements_.back().kind == Kind::kLiteral) gate_.needs.last = elements_.back().token->hash;
}

bool Pattern::Match(absl::Span<const Token> tokens, const MatchContext& context,
                    Bindings& bindings) const {
  return Search(*this, tokens, context, bindings).Run();
}

}  // namespace stagepost
