// Rulesets as the machine wants them. Operations Guide, 5.1.
#ifndef STAGEPOST_MTA_REWRITE_RULES_H_
#define STAGEPOST_MTA_REWRITE_RULES_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/cf/configuration.h"
#include "mta/rewrite/class_index.h"
#include "mta/rewrite/pattern.h"
#include "mta/rewrite/tokenizer.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

// "$>" and the name behind it.
inline constexpr size_t kCallTokens = 2;

// What there is to do when a right side has been put together.
struct Errands {
  bool lookups = false;
  bool calls = false;

  void Note(const Token& token) {
    if (token.kind != Token::Kind::kOperator) return;
    lookups |= token.op == Operator::kLookup || token.op == Operator::kCanonical;
    calls |= token.op == Operator::kCall;
  }
};

struct Rule {
  // What happens after the right side has taken the place of the tokens.
  enum class Then : uint8_t {
    kAgain,   // the same rule once more
    kNext,    // $: the next rule
    kReturn,  // $@ the ruleset ends
  };

  int line = 0;  // of the configuration
  TokenList left;
  TokenList right;  // with $: or $@, as it is written
  // Absent: nothing can match, the left side was wrong.
  std::optional<Pattern> pattern;
  Then then = Then::kAgain;
  Errands errands;  // of the right side as it is written

  // What is put in: `right` without $: or $@ in front, in pieces.
  struct Piece {
    enum class Kind : uint8_t {
      kTokens,       // as they are written
      kReplacement,  // $1, …: what that wildcard took
      kNothing,      // the same, but there is no such wildcard
      kMacro,        // $&x: its value
    };
    Kind kind = Kind::kTokens;
    uint8_t wildcard = 0;            // of kReplacement; 0 is the first
    absl::Span<const Token> tokens;  // of `right`; of all but kTokens one
  };
  std::vector<Piece> pieces;
  // The ruleset that the right side calls with all the rest of it, as sendmail's rules mostly do
  // ("$: $>canonify $1"): the first piece says so, and nothing else. Below 0: there is no such.
  int tail_call = -1;
  // Besides that call, the right side puts back what the left side has matched.
  bool keeps_tokens = false;
  // Besides that call, there are only tokens and replacements to put in, and nothing is to be done
  // with them then.
  bool simple = false;
};

// A rule, and what it can be passed over by: one line of the cache.
struct alignas(64) Candidate {
  Gate gate;
  const Rule* rule = nullptr;
};

struct Ruleset {
  std::string name;  // of messages and traces
  std::vector<std::unique_ptr<Rule>> rules;
  // The same beside each other, since most rules are done with by their gates.
  std::vector<Candidate> candidates;
};

// What the word behind $> gave.
struct CalledRuleset {
  int number = -1;      // below 0: there is none
  std::string message;  // what to say besides that, in sendmail's words; usually empty
};

class Rulesets {
 public:
  // What is wrong goes to `diagnostics`; a rule that is wrong is kept as sendmail keeps it.
  Rulesets(const Configuration& configuration, const Tokenizer& tokenizer, ClassIndex& classes,
           Diagnostics& diagnostics);

  // REQUIRES: 0 <= number < kMaxRulesets.
  const Ruleset& operator[](int number) const { return rulesets_[number]; }
  CalledRuleset Find(absl::string_view name_or_number) const;

 private:
  void Compile(const RuleSource& source, const Configuration& configuration,
               const Tokenizer& tokenizer, ClassIndex& classes, Ruleset& ruleset,
               Diagnostics& diagnostics);
  void ResolveCalls(std::vector<Token>& right) const;
  static void CutRight(Rule& rule);
  static bool KeepsTokens(absl::Span<const Token> left, absl::Span<const Token> right);

  std::vector<Ruleset> rulesets_;  // by number
  const std::map<std::string, int, std::less<>>& numbers_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_RULES_H_
