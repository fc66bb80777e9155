// One application of rulesets to one list of tokens: a machine that stops where a map must be
// asked.
//
//   evaluation.Start(ruleset, tokens, macros, observer);
//   while (evaluation.Run() == Evaluation::Outcome::kLookup) {
//     MapAnswer answer = co_await evaluation.map().Lookup(evaluation.key(),
//     evaluation.arguments()); evaluation.Resume(answer);
//   }
//   return evaluation.status();
//
// Rulesets that call rulesets are frames of this machine, not coroutines: whatever asks no map runs
// straight through. A ruleset that is called works on the end of its caller's tokens, in place.
// An Evaluation may be used again and keeps its memory.
#ifndef STAGEPOST_MTA_REWRITE_EVALUATION_H_
#define STAGEPOST_MTA_REWRITE_EVALUATION_H_

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/cf/macros.h"
#include "mta/maps/map.h"
#include "mta/rewrite/class_index.h"
#include "mta/rewrite/engine.h"
#include "mta/rewrite/pattern.h"
#include "mta/rewrite/rules.h"
#include "mta/rewrite/token_buffer.h"
#include "mta/rewrite/tokenizer.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

// What all evaluations of one engine share.
struct Machine {
  const Names& names;
  const Tokenizer& tokenizer;
  char blank;
  ClassIndex& classes;
  const Rulesets& rulesets;
  MapFinder find_map;
  int64_t steps = kMaxRewriteSteps;
};

class Evaluation {
 public:
  enum class Outcome : uint8_t { kDone, kLookup };

  explicit Evaluation(Machine& machine) : machine_(machine) {}
  Evaluation(const Evaluation&) = delete;

  // All but `ruleset` outlive the evaluation. REQUIRES: 0 <= ruleset < kMaxRulesets.
  void Start(int ruleset, TokenList& tokens, const Macros& macros, RewriteObserver* observer);
  Outcome Run();

  // Of the look-up that must be made before Run() goes on.
  Map& map() const { return *map_; }
  absl::string_view key() const { return key_; }
  absl::Span<const absl::string_view> arguments() const { return arguments_; }
  void Resume(const MapAnswer& answer);

  // When all is done: a sysexits code.
  int status() const { return frames_[0].status; }
  // Null: more counted than tokens, classes and these macros, or somebody was told something.
  const MacrosAsked* asked() const { return alone_ && status() == 0 ? &context_.asked : nullptr; }

 private:
  struct Call {
    uint16_t at = 0;  // where $> stands, from the frame's base
    uint16_t ruleset = 0;
  };
  // Of a frame: what comes next. Below all of them is one that has nothing to do.
  enum class Phase : uint8_t { kRules, kLookups, kCalls, kOver };
  // A ruleset that has been entered and not left.
  struct Frame {
    const Ruleset* ruleset = nullptr;
    size_t base = 0;   // its tokens begin here in work_
    size_t limit = 0;  // how many they may become
    size_t rule = 0;
    int applications = 0;  // of this rule, in one go
    int status = 0;
    Phase phase = Phase::kRules;
    int calls_left = 0;
    std::array<Call, kMaxCallsInRule> calls;
  };
  // Where in built_ the parts of a look-up stand.
  struct Lookup {
    size_t begin = 0;  // $( or $[
    size_t end = 0;    // behind $) or $]
    size_t key_begin = 0;
    size_t key_end = 0;
    size_t default_begin = 0;
    size_t default_end = 0;
    bool has_default = false;
  };

  Frame& top() { return *top_; }
  int depth() const { return static_cast<int>(top_ - frames_.data()); }
  absl::Span<const Token> FrameTokens() { return work_->From(top().base); }
  // What is to be seen of them.
  const Overview& Seen() {
    if (seen_from_ != top().base) {
      Look();
    }
    return seen_;
  }

  void Look();
  void Enter(int ruleset, size_t base, size_t limit);
  // Counts what is done, and ends everything when it becomes too much: rulesets that call each
  // other twice would otherwise take longer than anybody lives, at a depth that is allowed.
  bool Spend(const Ruleset& ruleset) {
    if (--steps_left_ >= 0) [[likely]]
      return true;
    TooManySteps(ruleset);
    return false;
  }
  void TooManySteps(const Ruleset& ruleset);
  void Leave();
  void Fail(int status);
  void Return(int status);
  // Of these there are two versions, since nobody watches most of the time. kTraced: traced_.
  template <bool kTraced>
  void ApplyRules();
  template <bool kTraced>
  ABSL_ATTRIBUTE_ALWAYS_INLINE const Candidate* FindRule(Frame& frame);
  template <bool kTraced>
  ABSL_ATTRIBUTE_ALWAYS_INLINE void Rewrite(const Rule& rule, size_t count);
  bool Build(const Rule& rule, size_t limit, bool plain);
  bool BuildSimply(const Rule& rule, size_t limit);
  std::optional<absl::Span<const Token>> Watch(const Rule::Piece& piece,
                                               absl::Span<const Token> put_in);
  bool FindMacro(NameId name);
  // The tokens of this frame are those that were built.
  void Commit() {
    if (top().base == 0) {
      std::swap(work_, built_);
    } else {
      work_->SetSize(top().base);
      work_->Append(built_->From(0));
    }
    top().phase = Phase::kRules;
    seen_from_ = kNowhere;
  }

  // False: there is one to wait for, or the ruleset has failed.
  bool MakeLookups();
  bool Prepare(size_t begin);
  Map* FindMap(absl::string_view name);
  size_t Part(size_t begin, Operator closing);
  bool Take(const MapAnswer& answer);
  bool Answer(const MapAnswer& answer);
  bool Replace(absl::Span<const Token> tokens);
  bool Scan(absl::string_view characters);
  bool ScanDefault();

  int FindCalled(const Token& word);
  void CollectCalls();
  void MakeCall();

  bool TooLong();
  void Say(absl::string_view reply, std::string text);
  void Say(const std::vector<RewriteMessage>& messages);
  void Compact();

  Machine& machine_;
  TokenList* tokens_ = nullptr;
  RewriteObserver* observer_ = nullptr;
  bool traced_ = false;  // it wants to see rules
  bool alone_ = true;    // no map was asked, and nothing was said

  std::array<TokenBuffer, 2> buffers_;
  TokenBuffer* work_ = &buffers_[0];   // the tokens of all frames, the innermost ones last
  TokenBuffer* built_ = &buffers_[1];  // what a right side gives, until its look-ups are made
  // What is to be seen in work_ from seen_from_ on; kNowhere: nobody has looked.
  static constexpr size_t kNowhere = static_cast<size_t>(-1);
  Overview seen_;
  size_t seen_from_ = kNowhere;
  std::array<Frame, kMaxRewriteDepth + 2> frames_;  // the first one is that of whoever asked
  Frame* top_ = frames_.data();
  int64_t steps_left_ = 0;
  MatchContext context_;
  Bindings bindings_;

  Errands errands_;         // what is to be done with built_
  size_t next_lookup_ = 0;  // where to look for one in built_
  Lookup lookup_;
  Map* map_ = nullptr;
  std::string found_name_;  // as it was written
  Map* found_map_ = nullptr;
  std::string key_;
  std::vector<std::string> argument_texts_;
  std::vector<absl::string_view> arguments_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_EVALUATION_H_
