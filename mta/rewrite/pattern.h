// The left side of a rule, and matching it. Operations Guide, 5.1.2.
//
// A pattern matches a whole list of tokens. Every wildcard takes as few tokens as it can at first;
// when what follows does not fit, the *last* wildcard that can takes one more (a class: its next
// longer phrase), and so on backwards. The first match that is found this way is *the* match.
//
// Nothing is allocated in the usual case. Before the search a few comparisons (the number of
// tokens, which literals there are at all, the last one) decide most rules; and since what can
// follow a place of the pattern and of the list never depends on how one came there, a search that
// goes on for long remembers where it failed: no pattern takes more than its length times that of
// the list.
#ifndef STAGEPOST_MTA_REWRITE_PATTERN_H_
#define STAGEPOST_MTA_REWRITE_PATTERN_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "mta/cf/macros.h"
#include "mta/rewrite/class_index.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

// $*, $+, … in one left side.
inline constexpr size_t kMaxWildcards = 9;

// What can be seen of tokens at a glance: one bit of 64 for each that is there once, twice, and for
// each two side by side; how many there are, and the hashes of the first and the last.
struct Overview {
  uint64_t once = 0;
  uint64_t twice = 0;
  uint64_t pairs = 0;
  size_t count = 0;
  uint64_t first = 0;
  uint64_t last = 0;

  void See(const Token& token) {
    const uint64_t bit = uint64_t{1} << token.bit;
    twice |= once & bit;
    once |= bit;
  }
  void SeePair(const Token& a, const Token& b) {
    pairs |= uint64_t{1} << ((5u * a.bit + b.bit) % 64);
  }
};
Overview OverviewOf(absl::Span<const Token> tokens);

// The tokens from `first` on, `count` of them, that one wildcard took.
struct Binding {
  uint16_t first = 0;
  uint16_t count = 0;
};

struct Bindings {
  std::array<Binding, kMaxWildcards> taken;  // $1 is the first
  size_t size = 0;
};

// What a search works with besides the tokens.
struct MatchContext {
  const Macros& macros;
  const Names& names;
  char blank;
  // Where a long search failed; kept from one search to the next for its memory alone.
  std::vector<uint64_t>& failures;
};

// What can be said about a match before it is tried; most rules end here.
struct Gate {
  // Of the literals: what must at least be seen of the tokens. `first` and `last`: of the literal
  // at the beginning and at the end; 0: there is none. `count`: what is needed at least.
  Overview needs;
  size_t most_tokens = 0;

  bool MayPass(const Overview& seen) const {
    return ((needs.once & ~seen.once) | (needs.twice & ~seen.twice) |
            (needs.pairs & ~seen.pairs)) == 0 &&
           seen.count >= needs.count && seen.count <= most_tokens &&
           (needs.first == 0 || needs.first == seen.first) &&
           (needs.last == 0 || needs.last == seen.last);
  }
};

class Pattern {
 public:
  // Tokens of a left side, which outlive the pattern. REQUIRES: at most kMaxWildcards wildcards.
  Pattern(absl::Span<const Token> left, ClassIndex& classes);

  // Fewer than 65536 tokens, which gate() lets pass.
  bool Match(absl::Span<const Token> tokens, const MatchContext& context, Bindings& bindings) const;

  const Gate& gate() const { return gate_; }

  // How many wildcards there are: what $1 … may stand for.
  size_t wildcards() const { return wildcards_; }

 private:
  enum class Kind : uint8_t { kLiteral, kAny, kSome, kOne, kClass, kNotClass, kNothing, kMacro };
  struct Element {
    Kind kind = Kind::kLiteral;
    const Token* token = nullptr;  // of a literal or macro
    const IndexedClass* words = nullptr;
  };
  class Search;

  std::vector<Element> elements_;
  size_t wildcards_ = 0;
  Gate gate_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_PATTERN_H_
