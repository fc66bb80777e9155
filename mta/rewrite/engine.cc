#include "mta/rewrite/engine.h"

#include <utility>

#include "mta/rewrite/evaluation.h"

namespace stagepost {
namespace {

char BlankOf(const Configuration& configuration) {
  const char blank = configuration.options.Character(OptionId::kBlankSub);
  return blank == '\0' ? ' ' : blank;
}

}  // namespace

// A Machine whose rulesets were compiled with its own tokenizer and classes.
struct Engine::Compiled {
  Compiled(const Configuration& configuration, MapFinder maps, Diagnostics& diagnostics)
      : tokenizer(configuration.options.Text(OptionId::kOperatorChars)),
        classes(configuration.classes),
        rulesets(configuration, tokenizer, classes, diagnostics),
        machine{configuration.names, tokenizer, BlankOf(configuration), classes, rulesets,
                std::move(maps)} {}

  const Tokenizer tokenizer;
  ClassIndex classes;
  const Rulesets rulesets;
  Machine machine;
  // Evaluations that nobody uses now.
  std::vector<std::unique_ptr<Evaluation>> idle;
};

namespace {

// Takes an idle evaluation for as long as it lives, or a new one.
class Borrowed {
 public:
  Borrowed(std::vector<std::unique_ptr<Evaluation>>& idle, Machine& machine) : idle_(idle) {
    if (idle_.empty()) {
      evaluation_ = std::make_unique<Evaluation>(machine);
    } else {
      evaluation_ = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  Borrowed(const Borrowed&) = delete;
  ~Borrowed() { idle_.push_back(std::move(evaluation_)); }

  Evaluation* operator->() { return evaluation_.get(); }

 private:
  std::vector<std::unique_ptr<Evaluation>>& idle_;
  std::unique_ptr<Evaluation> evaluation_;
};

}  // namespace

Engine::Engine(const Configuration& configuration, MapFinder maps, Diagnostics& diagnostics)
    : compiled_(std::make_unique<Compiled>(configuration, std::move(maps), diagnostics)) {}

Engine::~Engine() = default;

Task<int> Engine::Apply(int ruleset, TokenList& tokens, const Macros& macros,
                        RewriteObserver* observer) {
  Borrowed evaluation(compiled_->idle, compiled_->machine);
  evaluation->Start(ruleset, tokens, macros, observer);
  while (evaluation->Run() == Evaluation::Outcome::kLookup) {
    const MapAnswer answer =
        co_await evaluation->map().Lookup(evaluation->key(), evaluation->arguments());
    evaluation->Resume(answer);
  }
  co_return evaluation->status();
}

bool Engine::HasRules(int ruleset) const { return !compiled_->rulesets[ruleset].rules.empty(); }

const Tokenizer& Engine::tokenizer() const { return compiled_->tokenizer; }

char Engine::blank() const { return compiled_->machine.blank; }

std::vector<Engine::RuleText> Engine::Rules(int ruleset) const {
  std::vector<RuleText> rules;
  for (const std::unique_ptr<Rule>& rule : compiled_->rulesets[ruleset].rules) {
    rules.push_back({rule->left.span(), rule->right.span()});
  }
  return rules;
}

}  // namespace stagepost
