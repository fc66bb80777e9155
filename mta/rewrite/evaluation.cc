#include "mta/rewrite/evaluation.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/check.h"
#include "mta/base/quotes.h"

namespace stagepost {
namespace {

constexpr int kDataError = 65;  // sysexits
constexpr int kTemporaryFailure = 75;
constexpr int kConfigurationError = 78;

constexpr char kInternal[] = "554 5.3.0";

// Text of scanned values may stay behind; past this much it is thrown out.
constexpr size_t kArenaBytes = 256 * 1024;

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
        CollectCalls();
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
    Say(kInternal, absl::StrCat("rewrite: excessive recursion (max ", kMaxRewriteDepth,
                                "), ruleset ", entered.name));
    Return(kConfigurationError);
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

// Counts what is done, and ends everything when it becomes too much: rulesets that call each other
// twice would otherwise take longer than anybody lives, at a depth that is allowed.
bool Evaluation::Spend(const Ruleset& ruleset) {
  if (++steps_ <= machine_.steps) return true;
  Say(kInternal,
      absl::StrCat("rewrite: too many steps (max ", machine_.steps, "), ruleset ", ruleset.name));
  depth_ = 0;
  Return(kConfigurationError);
  return false;
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
  if (to == 0 || status == kTemporaryFailure) to = status;
  // The calls that are left in a right side are not made then; they stay there as they are.
  if (depth_ > 0 && status != 0 && status != kTemporaryFailure) top().calls_left = 0;
}

TokenMask Evaluation::FrameMask() {
  TokenMask mask = 0;
  for (const Token& token : FrameTokens()) mask |= MaskOf(token);
  return mask;
}

void Evaluation::ApplyRules() {
  Frame& frame = top();
  const std::deque<Rule>& rules = frame.ruleset->rules;
  const std::vector<Gate>& gates = frame.ruleset->gates;
  const MatchContext context = {*macros_, machine_.names, machine_.blank, failures_};
  TokenMask mask = FrameMask();
  Bindings bindings;
  while (frame.rule < rules.size() && !StartsMailer(FrameTokens())) {
    if (frame.applications == 0 && !gates[frame.rule].MayPass(FrameTokens(), mask)) {
      ++frame.rule;
      continue;
    }
    const Rule& rule = rules[frame.rule];
    if (++frame.applications > kMaxRuleApplications) {
      Say(kInternal, absl::StrCat("Infinite loop in ruleset ", frame.ruleset->name, ", rule ",
                                  frame.rule + 1));
      break;
    }
    if (!gates[frame.rule].MayPass(FrameTokens(), mask) ||
        !rule.pattern->Match(FrameTokens(), context, bindings)) {
      ++frame.rule;
      frame.applications = 0;
      continue;
    }
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
    mask = FrameMask();
  }
  Leave();
}

// Puts the right side together. False: something is left to be done with it, or it has failed.
bool Evaluation::Build(const Rule& rule, const Bindings& bindings) {
  built_.clear();
  bool special = false;
  const absl::Span<const Token> tokens = FrameTokens();
  for (const Token& token : rule.replacement()) {
    if (token.kind == Token::Kind::kDeferredMacro) {
      if (built_.size() >= top().limit) return TooLong();
      if (!PutMacroIn(token.name)) return false;
    } else if (token.Is(Operator::kReplacement)) {
      if (token.digit == 0 || token.digit > bindings.size) {
        Say(kInternal, absl::StrCat("rewrite: ruleset ", top().ruleset->name, ": replacement $",
                                    token.digit, " out of bounds"));
        Fail(kConfigurationError);
        return false;
      }
      const Binding& binding = bindings.taken[token.digit - 1];
      for (const Token& taken : tokens.subspan(binding.first, binding.count)) {
        special |= taken.kind == Token::Kind::kOperator;
        built_.push_back(taken);
      }
    } else {
      special |= token.kind == Token::Kind::kOperator;
      built_.push_back(token);
    }
    if (built_.size() > top().limit) return TooLong();
  }
  if (!special) return true;
  top().phase = Phase::kLookups;
  next_lookup_ = 0;
  return false;
}

// $&x: its value, as tokens.
bool Evaluation::PutMacroIn(NameId name) {
  const Text* const value = macros_->Find(name);
  if (value == nullptr || value->empty()) return true;
  const bool plain = value->size() == 1 && (*value)[0].kind == Piece::Kind::kCharacters;
  if (plain ? !Scan((*value)[0].characters) : !Scan(WriteText(*value, machine_.names))) {
    return false;
  }
  built_.insert(built_.end(), tokens_->begin(), tokens_->end());
  return true;
}

// Makes tokens of what came from elsewhere, in tokens_. False: the ruleset has failed.
bool Evaluation::Scan(absl::string_view characters) {
  if (tokens_->arena().bytes() > kArenaBytes) Compact();
  tokens_->tokens().clear();
  const ScanResult result = machine_.tokenizer.Scan(characters, {}, *tokens_);
  Say(result.messages);
  if (!result.ok) Fail(kDataError);
  return result.ok;
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
  Fail(kDataError);
  return false;
}

bool Evaluation::MakeLookups() {
  map_ = nullptr;
  while (next_lookup_ < built_.size()) {
    const Token& token = built_[next_lookup_];
    if (!token.Is(Operator::kLookup) && !token.Is(Operator::kCanonical)) {
      ++next_lookup_;
      continue;
    }
    if (!Prepare(next_lookup_) || map_ != nullptr) return false;
    if (!Answer(MapAnswer())) return false;
  }
  return true;
}

// Finds out what is to be looked up where. False: the ruleset has failed.
bool Evaluation::Prepare(size_t begin) {
  const bool canonical = built_[begin].Is(Operator::kCanonical);
  lookup_ = {.begin = begin, .key_begin = begin + (canonical ? 1 : 2)};
  if (!canonical && begin + 1 == built_.size()) {
    Say(kInternal, "rewrite: missing mapname");
    Fail(kConfigurationError);
    return false;
  }
  const std::string name = canonical ? "host" : absl::AsciiStrToLower(built_[begin + 1].text());
  map_ = machine_.find_map(name);
  if (map_ == nullptr) {
    Say(kInternal,
        absl::StrCat("rewrite: map ", canonical ? name : built_[begin + 1].text(), " not found"));
  }
  const Operator closing = canonical ? Operator::kCanonicalEnd : Operator::kLookupEnd;
  size_t at = lookup_.key_end = Part(lookup_.key_begin, closing);
  argument_texts_.clear();
  while (at < built_.size() && !built_[at].Is(closing)) {
    const bool is_default = built_[at].Is(Operator::kUser);
    const size_t part = at + 1;
    at = Part(part, closing);
    if (is_default) {
      lookup_.has_default = true;
      lookup_.default_begin = part;
      lookup_.default_end = at;
    } else if (argument_texts_.size() < kMaxMapArguments) {
      argument_texts_.push_back(
          JoinTokens(absl::MakeConstSpan(built_).subspan(part, at - part), machine_.blank));
    }
  }
  lookup_.end = at + (at < built_.size() ? 1 : 0);
  arguments_.assign(argument_texts_.begin(), argument_texts_.end());
  const char blank =
      map_ == nullptr ? machine_.blank : map_->blank_substitute().value_or(machine_.blank);
  key_ = JoinTokens(
      absl::MakeConstSpan(built_).subspan(lookup_.key_begin, lookup_.key_end - lookup_.key_begin),
      blank);
  return true;
}

// Where the part of a look-up that begins at `begin` ends.
size_t Evaluation::Part(size_t begin, Operator closing) {
  size_t at = begin;
  while (at < built_.size() && !built_[at].Is(closing) && !built_[at].Is(Operator::kHost) &&
         !built_[at].Is(Operator::kUser)) {
    ++at;
  }
  return at;
}

void Evaluation::Resume(const MapAnswer& answer) {
  map_ = nullptr;
  machine_.classes.Refresh();
  if (!answer.message.empty()) {
    for (const absl::string_view line : absl::StrSplit(answer.message, '\n')) {
      Say("451 4.3.0", std::string(line));
    }
  }
  if (answer.status == kTemporaryFailure) Return(kTemporaryFailure);
  Answer(answer);
}

// False: the ruleset has failed.
bool Evaluation::Answer(const MapAnswer& answer) {
  if (answer.value.has_value()) {
    if (answer.value->empty()) return Replace({});
    return Scan(*answer.value) && Replace(*tokens_);
  }
  if (lookup_.has_default) return ScanDefault() && Replace(*tokens_);
  built_.erase(built_.begin() + lookup_.key_end, built_.begin() + lookup_.end);
  built_.erase(built_.begin() + lookup_.begin, built_.begin() + lookup_.key_begin);
  next_lookup_ = lookup_.begin + (lookup_.key_end - lookup_.key_begin);
  return true;
}

// Puts `tokens` where the look-up stood. False: the ruleset has failed.
bool Evaluation::Replace(absl::Span<const Token> tokens) {
  const size_t size = built_.size() - (lookup_.end - lookup_.begin) + tokens.size();
  if (size > top().limit) return TooLong();
  const auto begin = built_.begin() + lookup_.begin;
  built_.insert(built_.erase(begin, built_.begin() + lookup_.end), tokens.begin(), tokens.end());
  next_lookup_ = lookup_.begin + tokens.size();
  return true;
}

// A default is joined to one string and cut again, operators of the rule included: two words that
// stood side by side now have a BlankSub between them.
bool Evaluation::ScanDefault() {
  const absl::Span<const Token> tokens = absl::MakeConstSpan(built_).subspan(
      lookup_.default_begin, lookup_.default_end - lookup_.default_begin);
  tokens_->tokens().clear();
  if (tokens.empty()) return true;
  if (tokens_->arena().bytes() > kArenaBytes) Compact();
  const ScanResult result = machine_.tokenizer.ScanAgain(tokens, machine_.blank, *tokens_);
  Say(result.messages);
  if (!result.ok) Fail(kDataError);
  return result.ok;
}

// The number of the ruleset that a word behind $> names; below 0: there is none, as a message says.
int Evaluation::FindCalled(const Token& word) {
  if (word.ruleset >= 0) return word.ruleset;
  const std::string name = StripQuotes(word.text());
  const CalledRuleset called = machine_.rulesets.Find(name);
  if (called.number >= 0) return called.number;
  if (!called.message.empty()) Say(kInternal, called.message);
  Say(kInternal, absl::StrCat("Unknown ruleset ", name));
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
      Return(kConfigurationError);
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
      Return(kConfigurationError);
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

// Gives the tokens that are left a fresh arena.
void Evaluation::Compact() {
  TokenArena fresh;
  for (std::vector<Token>* const tokens : {&work_, &built_}) {
    for (Token& token : *tokens) token.data = fresh.Copy(token.text()).data();
  }
  tokens_->arena() = std::move(fresh);
}

}  // namespace stagepost
