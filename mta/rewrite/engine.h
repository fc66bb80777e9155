// The ruleset machine: a site's rules compiled once, applied to addresses.
// Operations Guide, 5.1 (rewriting rules); the design of the matcher is in README.md beside this
// file.
//
// An Engine belongs to one Configuration; both are outlived by what they are made with. Applying
// rules allocates nothing per match; a look-up in a map suspends. Results are values: the machine
// prints nothing and knows no client; whoever calls it turns messages into replies, or into -bt's
// output.
#ifndef STAGEPOST_MTA_REWRITE_ENGINE_H_
#define STAGEPOST_MTA_REWRITE_ENGINE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/cf/configuration.h"
#include "mta/maps/map.h"
#include "mta/rewrite/tokenizer.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

// Rulesets within rulesets, applications of one rule in one go, calls in one right side.
inline constexpr int kMaxRewriteDepth = 50;
inline constexpr int kMaxRuleApplications = 100;
inline constexpr int kMaxCallsInRule = 15;
// Rulesets entered and rules applied for one address. Ours: sendmail goes on as long as it takes.
inline constexpr int64_t kMaxRewriteSteps = 100'000;

// Sees what the machine does: -bt prints it, a simulation puts it into its trace, -d21.n into a
// log.
class RewriteObserver {
 public:
  virtual ~RewriteObserver() = default;
  // A ruleset is entered with, or left with, these tokens. `ruleset`: its name, else its number;
  // never cut here.
  virtual void Entered(absl::string_view ruleset, absl::Span<const Token> tokens) = 0;
  virtual void Left(absl::string_view ruleset, absl::Span<const Token> tokens) = 0;
  // What sendmail prints or replies by itself, such as "Infinite loop in ruleset X, rule 3".
  virtual void Message(const RewriteMessage& message) = 0;

  // Whether it wants to see rulesets entered and left; if not, what is known is not done again.
  virtual bool WantsRulesets() const { return true; }
  // Whether it wants to see single rules, too: what follows is called only then.
  virtual bool WantsRules() const { return false; }
  // A rule, of this line of the configuration, is tried; then it fails, or its right side is put
  // together, whose macros and $digits are reported; and the tokens become others.
  virtual void Trying(absl::Span<const Token> /*left*/, int /*line*/) {}
  virtual void Failed() {}
  virtual void Matched(absl::Span<const Token> /*right*/) {}
  virtual void PutIn(int /*digit*/, absl::Span<const Token> /*tokens*/) {}
  virtual void PutIn(absl::string_view /*macro*/, const std::optional<std::string>& /*value*/) {}
  virtual void Rewritten(absl::Span<const Token> /*tokens*/) {}
  // A rule was applied too often to these.
  virtual void Looped(absl::Span<const Token> /*tokens*/) {}
  // A map of this name was asked; no value: not found, or it could not be known.
  // A map had no answer now; the address is to be tried again.
  virtual void LookupDeferred(absl::string_view /*map*/, absl::string_view /*key*/) {}
  virtual void LookedUp(absl::string_view /*map*/, absl::string_view /*key*/,
                        const std::optional<std::string>& /*value*/) {}
};

// Finds a map by its name, in lower case; null: there is none. MapTable::Find of the configuration.
// What was found is there as long as the engine.
using MapFinder = std::function<Map*(absl::string_view name)>;

class Evaluation;

class Engine {
 public:
  class Application;

  // Compiles the rulesets of `configuration`. What is wrong with them goes to `diagnostics`.
  Engine(const Configuration& configuration, MapFinder maps, Diagnostics& diagnostics);
  ~Engine();

  // Applies a ruleset to `tokens` in place. Gives a sysexits code: 0, or 65, 75, 78 … as
  // sendmail's; after another one than 0 and 75 the tokens are as they were when it ended, and not
  // to be used. `macros` are the ones of the envelope in hand, `observer` may be null. Several may
  // run at once.
  Task<int> Apply(int ruleset, TokenList& tokens, const Macros& macros, RewriteObserver* observer);

  // A ruleset with at least one rule; others change nothing.
  bool HasRules(int ruleset) const;

  // As the configuration says: OperatorChars, and the character of the option BlankSub.
  const Tokenizer& tokenizer() const;
  char blank() const;

  // One rule as it was understood, for listings (=S).
  struct RuleText {
    absl::Span<const Token> left;
    absl::Span<const Token> right;
  };
  std::vector<RuleText> Rules(int ruleset) const;

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

// Apply() for whoever does it often: a task is made only if a map has to be waited for.
//
//   Engine::Application application(engine, ruleset, tokens, macros, observer);
//   if (!application.done()) co_await application.Finish();
//   return application.status();
class Engine::Application {
 public:
  // Applies the ruleset as far as it goes without waiting. All but `ruleset` outlive this.
  Application(Engine& engine, int ruleset, TokenList& tokens, const Macros& macros,
              RewriteObserver* observer);
  Application(const Application&) = delete;
  ~Application();

  bool done() const { return done_; }
  Task<void> Finish();
  // REQUIRES: done().
  int status() const;

 private:
  Compiled& compiled_;
  std::unique_ptr<Evaluation> evaluation_;  // lent by the engine; null: it was known what comes
  bool done_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_ENGINE_H_
