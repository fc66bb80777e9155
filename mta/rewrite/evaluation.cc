#include "mta/rewrite/evaluation.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/check.h"
#include "mta/base/quotes.h"
#include "mta/base/sysexits.h"

namespace stagepost {
namespace {

constexpr char kInternal[] = "554 5.3.0";
constexpr char kBadRules[] = "554 5.3.5";
constexpr char kTooDeep[] = "554 5.0.0";

bool StartsMailer(absl::Span<const Token> tokens) {
  return !tokens.empty() && tokens[0].Is(Operator::kMailer);
}

}  // namespace

void Evaluation::Start(int ruleset, TokenList& tokens, const Macros& macros,
                       RewriteObserver* observer) {
  CHECK(ruleset >= 0 && ruleset < kMaxRulesets) << ruleset;
  tokens_ = &tokens;
  macros_ = &macros;
  observer_ = observer;
  traced_ = observer != nullptr && observer->WantsRules();
  status_ = 0;
  depth_ = 0;
  steps_ = 0;
  machine_.classes.Refresh();
  work_.assign(tokens.begin(), tokens.end());
  Enter(ruleset, 0, kMaxTokens);
}

Evaluation::Outcome Evaluation::Run() {
  while (depth_ > 0) {
    switch (top().phase) {
      case Phase::kRules:
        ApplyRules();
        break;
      case Phase::kLookups:
        if (!MakeLookups()) {
          if (map_ != nullptr) return Outcome::kLookup;
          break;
        }
        Commit();
        if (errands_.calls) CollectCalls();
        if (traced_ && top().phase == Phase::kRules) observer_->Rewritten(FrameTokens());
        break;
      case Phase::kCalls:
        MakeCall();
        break;
    }
  }
  std::swap(tokens_->tokens(), work_);
  return Outcome::kDone;
}

void Evaluation::Enter(int ruleset, size_t base, size_t limit) {
  const Ruleset& entered = machine_.rulesets[ruleset];
  if (observer_ != nullptr) {
    observer_->Entered(entered.name, absl::MakeConstSpan(work_).subspan(base));
  }
  if (depth_ > kMaxRewriteDepth) {
    Say(kTooDeep, absl::StrCat("rewrite: excessive recursion (max ", kMaxRewriteDepth,
                               "), ruleset ", entered.name));
    Return(kExitConfiguration);
    return;
  }
  if (!Spend(entered)) return;
  Frame& frame = frames_[depth_++];
  frame.ruleset = &entered;
  frame.base = base;
  frame.limit = limit;
  frame.rule = 0;
  frame.applications = 0;
  frame.status = 0;
  frame.phase = Phase::kRules;
  frame.calls_left = 0;
}

void Evaluation::TooManySteps(const Ruleset& ruleset) {
  Say(kInternal,
      absl::StrCat("rewrite: too many steps (max ", machine_.steps, "), ruleset ", ruleset.name));
  depth_ = 0;
  Return(kExitConfiguration);
}

void Evaluation::Leave() {
  if (observer_ != nullptr) observer_->Left(top().ruleset->name, FrameTokens());
  const int status = top().status;
  --depth_;
  Return(status);
}

// Ends the ruleset without a word in the trace; its tokens are as they were before the rule.
void Evaluation::Fail(int status) {
  --depth_;
  Return(status);
}

void Evaluation::Return(int status) {
  int& to = depth_ == 0 ? status_ : top().status;
  if (to == 0 || status == kExitTemporaryFailure) to = status;
  // The calls that are left in a right side are not made then; they stay there as they are.
  if (depth_ > 0 && status != 0 && status != kExitTemporaryFailure) top().calls_left = 0;
}

void Evaluation::ApplyRules() {
  Frame& frame = top();
  const std::deque<Rule>& rules = frame.ruleset->rules;
  const absl::Span<const Gate> gates = frame.ruleset->gates;
  const MatchContext context = {*macros_, machine_.names, machine_.blank, failures_};
  absl::Span<const Token> tokens = FrameTokens();
  Overview seen = OverviewOf(tokens);
  Bindings bindings;
  while (!StartsMailer(tokens)) {
    if (!traced_ && frame.applications == 0) {
      while (frame.rule < gates.size() && !gates[frame.rule].MayPass(seen)) ++frame.rule;
    }
    if (frame.rule >= gates.size()) break;
    const Rule& rule = rules[frame.rule];
    if (++frame.applications > kMaxRuleApplications) {
      Say(kBadRules, absl::StrCat("Infinite loop in ruleset ", frame.ruleset->name, ", rule ",
                                  frame.rule + 1));
      if (traced_) observer_->Looped(tokens);
      break;
    }
    if (traced_) observer_->Trying(rule.left.span(), rule.line);
    if (!gates[frame.rule].MayPass(seen) || !rule.pattern->Match(tokens, context, bindings)) {
      if (traced_) observer_->Failed();
      ++frame.rule;
      frame.applications = 0;
      continue;
    }
    if (traced_) observer_->Matched(rule.right.span());
    if (!Spend(*frame.ruleset)) return;
    if (rule.then == Rule::Then::kNext) {
      ++frame.rule;
      frame.applications = 0;
    } else if (rule.then == Rule::Then::kReturn) {
      frame.rule = rules.size();
    }
    // With look-ups or calls there is more to do; after an error nothing.
    if (!Build(rule, bindings)) return;
    Commit();
    tokens = FrameTokens();
    if (traced_) observer_->Rewritten(tokens);
    seen = OverviewOf(tokens);
  }
  Leave();
}

// Puts the right side together. False: something is left to be done with it, or it has failed.
bool Evaluation::Build(const Rule& rule, const Bindings& bindings) {
  built_.clear();
  errands_ = rule.errands;
  const absl::Span<const Token> tokens = FrameTokens();
  const size_t limit = top().limit;
  for (const Token& token : rule.replacement()) {
    if (token.kind == Token::Kind::kDeferredMacro) {
      if (built_.size() >= limit) return TooLong();
      if (!PutMacroIn(token.name)) return false;
    } else if (token.Is(Operator::kReplacement)) {
      if (token.digit == 0 || token.digit > bindings.size) {
        Say(kInternal, absl::StrCat("rewrite: ruleset ", top().ruleset->name, ": replacement $",
                                    token.digit, " out of bounds"));
        Fail(kExitConfiguration);
        return false;
      }
      const Binding& binding = bindings.taken[token.digit - 1];
      const absl::Span<const Token> bound = tokens.subspan(binding.first, binding.count);
      if (traced_) observer_->PutIn(token.digit, bound);
      for (const Token& taken : bound) errands_.Note(taken);
      built_.insert(built_.end(), bound.begin(), bound.end());
    } else {
      built_.push_back(token);
    }
    if (built_.size() > limit) return TooLong();
  }
  if (!errands_.lookups && !errands_.calls) return true;
  top().phase = Phase::kLookups;
  next_lookup_ = errands_.lookups ? 0 : built_.size();
  return false;
}

// $&x: its value, as tokens.
bool Evaluation::PutMacroIn(NameId name) {
  const Text* const value = macros_->Find(name);
  if (traced_) {
    std::optional<std::string> text;
    if (value != nullptr) text = WriteText(*value, machine_.names);
    observer_->PutIn(machine_.names.Written(name), text);
  }
  if (value == nullptr || value->empty()) return true;
  const bool plain = value->size() == 1 && (*value)[0].kind == Piece::Kind::kCharacters;
  if (plain ? !Scan((*value)[0].characters) : !Scan(WriteText(*value, machine_.names))) {
    return false;
  }
  built_.insert(built_.end(), tokens_->begin(), tokens_->end());
  return true;
}

// The tokens of this frame are those that were built.
void Evaluation::Commit() {
  if (top().base == 0) {
    work_.swap(built_);
  } else {
    work_.resize(top().base);
    work_.insert(work_.end(), built_.begin(), built_.end());
  }
  top().phase = Phase::kRules;
}

bool Evaluation::TooLong() {
  Say(kInternal, "rewrite: expansion too long");
  Fail(kExitDataError);
  return false;
}

// The number of the ruleset that a word behind $> names; below 0: there is none, as a message says.
int Evaluation::FindCalled(const Token& word) {
  if (word.ruleset >= 0) return word.ruleset;
  const std::string name = StripQuotes(word.text());
  const CalledRuleset called = machine_.rulesets.Find(name);
  if (called.number >= 0) return called.number;
  if (!called.message.empty()) Say(kInternal, called.message);
  Say(kBadRules, absl::StrCat("Unknown ruleset ", name));
  return called.number;
}

// Finds the calls of rulesets; they are made from the last to the first.
void Evaluation::CollectCalls() {
  Frame& frame = top();
  frame.calls_left = 0;
  for (size_t i = frame.base; i + 1 < work_.size(); ++i) {
    if (!work_[i].Is(Operator::kCall)) continue;
    const int number = FindCalled(work_[i + 1]);
    if (number < 0) {
      frame.calls_left = 0;
      Return(kExitConfiguration);
      return;
    }
    if (machine_.rulesets[number].rules.empty()) {
      // Taken out; what comes right behind is not looked at, as in sendmail.
      work_.erase(work_.begin() + i, work_.begin() + i + 2);
      continue;
    }
    if (frame.calls_left == kMaxCallsInRule) {
      Say(kInternal, absl::StrCat("Too many subroutine calls (", kMaxCallsInRule + 1, " max)"));
      frame.calls_left = 0;
      Return(kExitConfiguration);
      return;
    }
    frame.calls[frame.calls_left++] = {static_cast<uint16_t>(i - frame.base),
                                       static_cast<uint16_t>(number)};
  }
  if (frame.calls_left > 0) frame.phase = Phase::kCalls;
}

void Evaluation::MakeCall() {
  Frame& frame = top();
  if (frame.calls_left == 0) {
    frame.phase = Phase::kRules;
    if (traced_) observer_->Rewritten(FrameTokens());
    return;
  }
  const Call call = frame.calls[--frame.calls_left];
  const size_t at = frame.base + call.at;
  work_.erase(work_.begin() + at, work_.begin() + at + 2);
  Enter(call.ruleset, at, kMaxTokens - call.at);
}

void Evaluation::Say(absl::string_view reply, std::string text) {
  if (observer_ == nullptr) return;
  observer_->Message({.reply = std::string(reply), .text = std::move(text)});
}

void Evaluation::Say(const std::vector<RewriteMessage>& messages) {
  if (observer_ == nullptr) return;
  for (const RewriteMessage& message : messages) observer_->Message(message);
}

}  // namespace stagepost
