#include "mta/rewrite/engine.h"

#include <utility>

#include "mta/rewrite/evaluation.h"
#include "mta/rewrite/rewrite_memo.h"

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
  RewriteMemo memo;
  // Evaluations that nobody uses now.
  std::vector<std::unique_ptr<Evaluation>> idle;
};

Engine::Application::Application(Engine& engine, int ruleset, TokenList& tokens,
                                 const Macros& macros, RewriteObserver* observer)
    : compiled_(*engine.compiled_), done_(true) {
  const bool unseen = observer == nullptr || !observer->WantsRulesets();
  if (unseen && compiled_.memo.Recall(ruleset, compiled_.classes.newest(), tokens, macros)) return;
  if (compiled_.idle.empty()) {
    evaluation_ = std::make_unique<Evaluation>(compiled_.machine);
  } else {
    evaluation_ = std::move(compiled_.idle.back());
    compiled_.idle.pop_back();
  }
  evaluation_->Start(ruleset, tokens, macros, observer);
  done_ = evaluation_->Run() == Evaluation::Outcome::kDone;
  if (!unseen || !done_) return;
  const MacrosAsked* const asked = evaluation_->asked();
  if (asked != nullptr) compiled_.memo.Remember(tokens, *asked, macros);
}

Engine::Application::~Application() {
  if (evaluation_ != nullptr) compiled_.idle.push_back(std::move(evaluation_));
}

Task<void> Engine::Application::Finish() {
  while (!done_) {
    const MapAnswer answer =
        co_await evaluation_->map().Lookup(evaluation_->key(), evaluation_->arguments());
    evaluation_->Resume(answer);
    done_ = evaluation_->Run() == Evaluation::Outcome::kDone;
  }
}

int Engine::Application::status() const {
  return evaluation_ == nullptr ? 0 : evaluation_->status();
}

Engine::Engine(const Configuration& configuration, MapFinder maps, Diagnostics& diagnostics)
    : compiled_(std::make_unique<Compiled>(configuration, std::move(maps), diagnostics)) {}

Engine::~Engine() = default;

Task<int> Engine::Apply(int ruleset, TokenList& tokens, const Macros& macros,
                        RewriteObserver* observer) {
  Application application(*this, ruleset, tokens, macros, observer);
  if (!application.done()) co_await application.Finish();
  co_return application.status();
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
