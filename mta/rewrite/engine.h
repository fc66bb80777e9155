// The ruleset machine: a site's rules compiled once, applied to addresses.
// Operations Guide, 5.1 (rewriting rules); DESIGN of the matcher in README.md beside this file.
//
// An Engine belongs to one Configuration; both are outlived by what they are made with. Applying rules
// allocates nothing per match; a look-up in a map suspends. Results are values: the machine prints
// nothing and knows no client; whoever calls it turns messages into replies, or into -bt's output.
#ifndef STAGEPOST_MTA_REWRITE_ENGINE_H_
#define STAGEPOST_MTA_REWRITE_ENGINE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/cf/configuration.h"
#include "mta/maps/map_table.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

// Rulesets within rulesets, and applications of one rule in one go.
inline constexpr int kMaxRewriteDepth = 50;
inline constexpr int kMaxRuleApplications = 100;

// Sees what the machine does: -bt prints it, a simulation puts it into its trace, -d21.n into a log.
class RewriteObserver {
 public:
  virtual ~RewriteObserver() = default;
  // A ruleset is entered with, or left with, these tokens. `name` is never cut here.
  virtual void Entered(absl::string_view ruleset, const TokenList& tokens) = 0;
  virtual void Left(absl::string_view ruleset, const TokenList& tokens) = 0;
  // What sendmail prints by itself, such as "Infinite loop in ruleset X, rule 3".
  virtual void Message(absl::string_view text) = 0;
};

class Engine {
 public:
  // Compiles the rulesets of `configuration`. What is wrong with them goes to `diagnostics`.
  Engine(Configuration& configuration, MapTable& maps, Diagnostics& diagnostics);
  ~Engine();

  // Applies a ruleset to `tokens` in place. Gives a sysexits code: 0, or 65, 75, 78 … as sendmail's;
  // after another one than 0 the tokens are as they were when it ended, and not to be used.
  // `macros` are the ones of the envelope in hand, `observer` may be null.
  Task<int> Apply(int ruleset, TokenList& tokens, Macros& macros, RewriteObserver* observer);

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_ENGINE_H_
