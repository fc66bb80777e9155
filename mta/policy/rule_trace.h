// Tells the trace of a program which rules were applied to what a client said: what decided, where
// somebody asks. Costs nothing where nobody does.
//
//   RuleTrace rules(env.trace(), &observer);          // the observer may be null
//   co_await ParseAddress(RewriteContext(rules.observer()), …);
#ifndef STAGEPOST_MTA_POLICY_RULE_TRACE_H_
#define STAGEPOST_MTA_POLICY_RULE_TRACE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/env/trace.h"
#include "mta/rewrite/engine.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

// Hears what another one, which may be null, hears as well.
class ForwardingObserver : public RewriteObserver {
 public:
  explicit ForwardingObserver(RewriteObserver* next) : next_(next) {}

  void Entered(absl::string_view ruleset, absl::Span<const Token> tokens) override {
    if (next_ != nullptr) next_->Entered(ruleset, tokens);
  }
  void Left(absl::string_view ruleset, absl::Span<const Token> tokens) override {
    if (next_ != nullptr) next_->Left(ruleset, tokens);
  }
  void Message(const RewriteMessage& message) override {
    if (next_ != nullptr) next_->Message(message);
  }
  bool WantsRulesets() const override { return next_ != nullptr && next_->WantsRulesets(); }
  bool WantsRules() const override { return next_ != nullptr && next_->WantsRules(); }
  void Trying(absl::Span<const Token> left, int line) override {
    if (next_ != nullptr) next_->Trying(left, line);
  }
  void Failed() override {
    if (next_ != nullptr) next_->Failed();
  }
  void Matched(absl::Span<const Token> right) override {
    if (next_ != nullptr) next_->Matched(right);
  }
  void PutIn(int digit, absl::Span<const Token> tokens) override {
    if (next_ != nullptr) next_->PutIn(digit, tokens);
  }
  void PutIn(absl::string_view macro, const std::optional<std::string>& value) override {
    if (next_ != nullptr) next_->PutIn(macro, value);
  }
  void Rewritten(absl::Span<const Token> tokens) override {
    if (next_ != nullptr) next_->Rewritten(tokens);
  }
  void Looped(absl::Span<const Token> tokens) override {
    if (next_ != nullptr) next_->Looped(tokens);
  }
  void LookedUp(absl::string_view map, absl::string_view key,
                const std::optional<std::string>& value) override {
    if (next_ != nullptr) next_->LookedUp(map, key, value);
  }

 private:
  RewriteObserver* const next_;
};

class RuleTrace final : public ForwardingObserver {
 public:
  // Both outlive this.
  RuleTrace(Trace& trace, RewriteObserver* next)
      : ForwardingObserver(next), next_(next), trace_(trace) {}

  // What is to be handed to the machine.
  RewriteObserver* observer() { return trace_.wants_rules() ? this : next_; }

  bool WantsRulesets() const override { return true; }
  bool WantsRules() const override { return true; }
  void Entered(absl::string_view ruleset, absl::Span<const Token> tokens) override;
  void Left(absl::string_view ruleset, absl::Span<const Token> tokens) override;
  void Trying(absl::Span<const Token> left, int line) override;
  void Matched(absl::Span<const Token> right) override;
  void Rewritten(absl::Span<const Token> tokens) override;
  void LookedUp(absl::string_view map, absl::string_view key,
                const std::optional<std::string>& value) override;

 private:
  struct Frame {
    std::string ruleset;
    std::string tokens;  // as they are now
  };
  RewriteObserver* const next_;
  Trace& trace_;
  std::vector<Frame> frames_;  // of rulesets that have been entered and not left
  int line_ = 0;               // of the rule that is being tried
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POLICY_RULE_TRACE_H_
