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

// Which tokens are there at all: one bit of 64 for each.
using TokenMask = uint64_t;
inline TokenMask MaskOf(const Token& token) {
  return TokenMask{1} << (token.hash.value() * 0x9e3779b97f4a7c15 >> 58);
}

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
  TokenMask literals = 0;  // which must all be there
  uint32_t least_tokens = 0;
  uint32_t most_tokens = 0;
  uint64_t first = 0;  // hash of the literal at the beginning, at the end; 0: there is none
  uint64_t last = 0;

  // `mask` has the bits of all `tokens`.
  bool MayPass(absl::Span<const Token> tokens, TokenMask mask) const {
    return (literals & ~mask) == 0 && tokens.size() >= least_tokens &&
           tokens.size() <= most_tokens && (first == 0 || first == tokens.front().hash.value()) &&
           (last == 0 || last == tokens.back().hash.value());
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
