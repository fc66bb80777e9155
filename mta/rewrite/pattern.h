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
#include "mta/rewrite/overview.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

// $*, $+, … in one left side.
inline constexpr size_t kMaxWildcards = 9;

// The tokens, from `first` to before `end`, that one wildcard took.
struct Binding {
  const Token* first;
  const Token* end;

  absl::Span<const Token> tokens() const { return {first, static_cast<size_t>(end - first)}; }
};

// What the wildcards of a pattern took; $1 is the first.
using Bindings = std::array<Binding, kMaxWildcards>;

// Which macros have been asked for.
struct MacrosAsked {
  static constexpr size_t kMost = 4;
  std::array<NameId, kMost> names;
  size_t count = 0;
  bool too_many = false;  // others, too

  void Note(NameId name) {
    for (size_t i = 0; i < count; ++i) {
      if (names[i] == name) return;
    }
    too_many |= count == kMost;
    if (count < kMost) names[count++] = name;
  }
};

// What a search works with besides the tokens; all of it outlives the search.
struct MatchContext {
  const Macros* macros = nullptr;
  const Names* names = nullptr;
  char blank = ' ';
  MacrosAsked asked = {};
  // Where a long search failed; kept from one search to the next for its memory alone.
  std::vector<uint64_t> failures = {};
};

// What can be said about a match before it is tried; most rules end here.
struct Gate {
  // Of the literals: what must at least be seen of the tokens. `first` and `last`: of the literal
  // at the beginning and at the end; 0: there is none. `count`: what is needed at least.
  Overview needs;
  size_t most_tokens = 0;

  bool MayPass(const Overview& seen) const {
    // The usual reason comes first: something is not there at all.
    return (needs.marks.once & ~seen.marks.once) == 0 &&
           (needs.marks.pairs & ~seen.marks.pairs) == 0 &&
           (needs.marks.twice & ~seen.marks.twice) == 0 && seen.count >= needs.count &&
           seen.count <= most_tokens && (needs.first == 0 || needs.first == seen.first) &&
           (needs.last == 0 || needs.last == seen.last);
  }
};

class Pattern {
 public:
  // Tokens of a left side, which outlive the pattern. REQUIRES: at most kMaxWildcards wildcards.
  Pattern(absl::Span<const Token> left, ClassIndex& classes);

  // Fewer than 65536 tokens, which gate() lets pass.
  bool Match(absl::Span<const Token> tokens, MatchContext& context, Bindings& bindings) const {
    if (!takes_all_) return Find(tokens, context, bindings);
    bindings[0] = {tokens.data(), tokens.data() + tokens.size()};
    return true;
  }

  const Gate& gate() const { return gate_; }

  // How many wildcards there are: what $1 … may stand for.
  size_t wildcards() const { return wildcards_; }

 private:
  enum class Kind : uint8_t {
    kLiteral,
    kUpTo,      // $* or $+ in front of a literal
    kRest,      // the same at the end
    kStretch,   // the same in front of another wildcard
    kOne,       // $-
    kClass,     // $=x
    kNotClass,  // $~x
    kNothing,   // $@
    kMacro,     // $&x
    kEnd,       // comes last
  };
  struct Element {
    Kind kind = Kind::kLiteral;
    uint8_t least = 1;             // tokens that it takes
    uint8_t before = 0;            // wildcards in front of it
    const Token* token = nullptr;  // as it is written; the next element's is right behind it
    const IndexedClass* words = nullptr;
  };
  class Search;

  bool Find(absl::Span<const Token> tokens, MatchContext& context, Bindings& bindings) const;
  static Element ElementOf(const Token& token, ClassIndex& classes);
  void MakeGate(absl::Span<const Token> left);

  std::vector<Element> elements_;
  size_t wildcards_ = 0;
  bool takes_all_ = false;                                 // it is one $* or $+, and nothing else
  std::array<uint16_t, kMaxWildcards> wildcard_elements_;  // where they stand
  Gate gate_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_PATTERN_H_
