#include "mta/rewrite/evaluation.h"

#include <algorithm>
#include <optional>
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
  context_.macros = &macros;
  context_.names = &machine_.names;
  context_.blank = machine_.blank;
  context_.asked = {};
  alone_ = true;
  observer_ = observer;
  traced_ = observer != nullptr && observer->WantsRules();
  top_ = frames_.data();
  top().status = 0;
  top().phase = Phase::kOver;
  steps_left_ = machine_.steps;
  machine_.classes.Refresh();
  work_->SetSize(0);
  work_->Append(tokens);
  seen_from_ = kNowhere;
  Enter(ruleset, 0, kMaxTokens);
}

Evaluation::Outcome Evaluation::Run() {
  while (true) {
    switch (top().phase) {
      case Phase::kOver:
        tokens_->tokens().assign(work_->begin(), work_->end());
        return Outcome::kDone;
      case Phase::kRules:
        traced_ ? ApplyRules<true>() : ApplyRules<false>();
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
}

void Evaluation::Look() {
  seen_ = OverviewOf(FrameTokens());
  seen_from_ = top().base;
}

void Evaluation::Enter(int ruleset, size_t base, size_t limit) {
  const Ruleset& entered = machine_.rulesets[ruleset];
  if (observer_ != nullptr) {
    observer_->Entered(entered.name, work_->From(base));
  }
  if (depth() > kMaxRewriteDepth) {
    Say(kTooDeep, absl::StrCat("rewrite: excessive recursion (max ", kMaxRewriteDepth,
                               "), ruleset ", entered.name));
    Return(kExitConfiguration);
    return;
  }
  if (!Spend(entered)) return;
  Frame& frame = *++top_;
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
  top_ = frames_.data();
  Return(kExitConfiguration);
}

void Evaluation::Leave() {
  if (observer_ != nullptr) observer_->Left(top().ruleset->name, FrameTokens());
  const int status = top().status;
  --top_;
  Return(status);
}

// Ends the ruleset without a word in the trace; its tokens are as they were before the rule.
void Evaluation::Fail(int status) {
  --top_;
  Return(status);
}

void Evaluation::Return(int status) {
  Frame& to = top();
  if (to.status == 0 || status == kExitTemporaryFailure) to.status = status;
  // The calls that are left in a right side are not made then; they stay there as they are.
  if (status != 0 && status != kExitTemporaryFailure) to.calls_left = 0;
}

// As long as there is nothing else to be done.
template <bool kTraced>
void Evaluation::ApplyRules() {
  while (top().phase == Phase::kRules) {
    Frame& frame = top();
    const Candidate* const found = FindRule<kTraced>(frame);
    if (found == nullptr) {
      Leave();
      continue;
    }
    const Rule& rule = *found->rule;
    const absl::Span<const Token> tokens = work_->From(frame.base);
    if (kTraced) observer_->Trying(rule.left.span(), rule.line);
    const bool may_match = !kTraced || found->gate.MayPass(Seen());
    if (!may_match || !rule.pattern->Match(tokens, context_, bindings_)) {
      if (kTraced) observer_->Failed();
      ++frame.rule;
      frame.applications = 0;
      continue;
    }
    Rewrite<kTraced>(rule, tokens.size());
  }
}

// The next rule that may match. Null: there is none, and the ruleset has come to its end.
template <bool kTraced>
const Candidate* Evaluation::FindRule(Frame& frame) {
  const Ruleset& ruleset = *frame.ruleset;
  const Candidate* const begin = ruleset.candidates.data();
  const Candidate* const end = begin + ruleset.candidates.size();
  const Candidate* next = begin + frame.rule;
  if (next >= end) return nullptr;
  const Overview seen = Seen();
  const absl::Span<const Token> tokens = work_->From(frame.base);
  if (seen.marks.has_operators() && StartsMailer(tokens)) return nullptr;
  // Rules that cannot match are passed over, unless somebody watches; and one that has been applied
  // too often is to be told from one that has come to its end.
  if (!kTraced && frame.applications < kMaxRuleApplications) {
    const Candidate* const first = next;
    while (!next->gate.MayPass(seen)) {
      if (++next == end) return nullptr;
    }
    if (next != first) frame.applications = 0;
    frame.rule = next - begin;
  }
  if (++frame.applications <= kMaxRuleApplications) return next;
  Say(kBadRules,
      absl::StrCat("Infinite loop in ruleset ", ruleset.name, ", rule ", frame.rule + 1));
  if (kTraced) observer_->Looped(tokens);
  return nullptr;
}

// A rule has matched all `count` tokens: makes of them what its right side says.
template <bool kTraced>
void Evaluation::Rewrite(const Rule& rule, size_t count) {
  Frame& frame = top();
  if (kTraced) observer_->Matched(rule.right.span());
  if (!Spend(*frame.ruleset)) return;
  if (rule.then == Rule::Then::kNext) {
    ++frame.rule;
    frame.applications = 0;
  } else if (rule.then == Rule::Then::kReturn) {
    frame.rule = frame.ruleset->candidates.size();
  }
  // What sendmail's rules do most is made here, without having been put together first: they call
  // another ruleset with all they have, or go on with it as it is.
  const bool plain = !kTraced && !Seen().marks.has_operators();
  if (!plain) [[unlikely]] {
    // With look-ups or calls there is more to do; after an error nothing.
    if (!Build(rule, frame.limit, false)) return;
    Commit();
    seen_from_ = frame.base;
    if (kTraced) observer_->Rewritten(FrameTokens());
    return;
  }
  const bool calls = rule.tail_call >= 0;
  const size_t limit = frame.limit - (calls ? kCallTokens : 0);  // calls count
  if (!rule.keeps_tokens || count > limit) {
    if (!(rule.simple ? BuildSimply(rule, limit) : Build(rule, limit, true))) return;
    Commit();
    seen_from_ = frame.base;
  }
  if (calls && !machine_.rulesets[rule.tail_call].rules.empty()) {
    Enter(rule.tail_call, frame.base, kMaxTokens);
  }
}

// Puts the right side of a rule together that is simple, without the call at its beginning. False:
// it has failed.
bool Evaluation::BuildSimply(const Rule& rule, size_t limit) {
  TokenBuffer::Writer writer(*built_, limit, std::max(FrameTokens().size(), kMaxTokens));
  const Rule::Piece* const end = rule.pieces.data() + rule.pieces.size();
  for (const Rule::Piece* piece = rule.pieces.data() + (rule.tail_call >= 0 ? 1 : 0); piece != end;
       ++piece) {
    const bool written = piece->kind == Rule::Piece::Kind::kTokens;
    writer.Append(written ? piece->tokens : bindings_[piece->wildcard].tokens());
    if (!writer.within_limit()) return TooLong();
  }
  built_->SetSize(writer.size());
  seen_ = writer.overview();  // of what takes the place of the tokens now
  return true;
}

// Puts the right side together; if it is `plain`, without the call at its beginning. False:
// something is left to be done with it, or it has failed.
bool Evaluation::Build(const Rule& rule, size_t limit, bool plain) {
  using Kind = Rule::Piece::Kind;
  const bool calls = plain && rule.tail_call >= 0;
  errands_ = calls ? Errands() : rule.errands;
  TokenBuffer::Writer writer(*built_, limit, std::max(FrameTokens().size(), kMaxTokens));
  const Rule::Piece* const end = rule.pieces.data() + rule.pieces.size();
  for (const Rule::Piece* piece = rule.pieces.data() + (calls ? 1 : 0); piece != end; ++piece) {
    absl::Span<const Token> put_in = piece->tokens;
    if (piece->kind == Kind::kReplacement) put_in = bindings_[piece->wildcard].tokens();
    if (piece->kind == Kind::kReplacement && !plain) {
      for (const Token& taken : put_in) errands_.Note(taken);
    }
    if (traced_ || piece->kind > Kind::kReplacement) [[unlikely]] {
      if (piece->kind == Kind::kMacro && writer.full()) return TooLong();
      built_->SetSize(writer.size());  // Compact() looks at what is there
      const std::optional<absl::Span<const Token>> found = Watch(*piece, put_in);
      if (!found.has_value()) return false;
      put_in = *found;
    }
    writer.Append(put_in);
    if (!writer.within_limit()) return TooLong();
  }
  built_->SetSize(writer.size());
  if (errands_.lookups || errands_.calls) {
    top().phase = Phase::kLookups;
    next_lookup_ = errands_.lookups ? 0 : built_->size();
    return false;
  }
  seen_ = writer.overview();  // of what takes the place of the tokens now
  return true;
}

// What is special about a piece of a right side: `put_in` may have to be shown, or be the value of
// a macro instead. nullopt: the ruleset has failed.
std::optional<absl::Span<const Token>> Evaluation::Watch(const Rule::Piece& piece,
                                                         absl::Span<const Token> put_in) {
  const Token& token = piece.tokens[0];
  switch (piece.kind) {
    case Rule::Piece::Kind::kTokens:
      break;
    case Rule::Piece::Kind::kReplacement:
      observer_->PutIn(token.digit, put_in);
      break;
    case Rule::Piece::Kind::kNothing:
      Say(kInternal, absl::StrCat("rewrite: ruleset ", top().ruleset->name, ": replacement $",
                                  token.digit, " out of bounds"));
      Fail(kExitConfiguration);
      return std::nullopt;
    case Rule::Piece::Kind::kMacro:
      if (!FindMacro(token.name)) return std::nullopt;
      return tokens_->span();
  }
  return put_in;
}

// $&x: makes tokens of its value, in tokens_. False: the ruleset has failed.
bool Evaluation::FindMacro(NameId name) {
  context_.asked.Note(name);
  const Text* const value = context_.macros->Find(name);
  if (traced_) {
    std::optional<std::string> text;
    if (value != nullptr) text = WriteText(*value, machine_.names);
    observer_->PutIn(machine_.names.Written(name), text);
  }
  tokens_->tokens().clear();
  if (value == nullptr || value->empty()) return true;
  const bool plain = value->size() == 1 && (*value)[0].kind == Piece::Kind::kCharacters;
  return plain ? Scan((*value)[0].characters) : Scan(WriteText(*value, machine_.names));
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
  for (size_t i = frame.base; i + 1 < work_->size(); ++i) {
    if (!(*work_)[i].Is(Operator::kCall)) continue;
    const int number = FindCalled((*work_)[i + 1]);
    if (number < 0) {
      frame.calls_left = 0;
      Return(kExitConfiguration);
      return;
    }
    if (machine_.rulesets[number].rules.empty()) {
      // Taken out; what comes right behind is not looked at, as in sendmail.
      work_->Erase(i, i + kCallTokens);
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
  work_->Erase(at, at + kCallTokens);
  seen_from_ = kNowhere;
  Enter(call.ruleset, at, kMaxTokens - call.at);
}

void Evaluation::Say(absl::string_view reply, std::string text) {
  alone_ = false;
  if (observer_ == nullptr) return;
  observer_->Message({.reply = std::string(reply), .text = std::move(text)});
}

void Evaluation::Say(const std::vector<RewriteMessage>& messages) {
  alone_ &= messages.empty();
  if (observer_ == nullptr) return;
  for (const RewriteMessage& message : messages) observer_->Message(message);
}

}  // namespace stagepost
