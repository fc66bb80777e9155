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
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/cf/macros.h"
#include "mta/maps/map.h"
#include "mta/rewrite/class_index.h"
#include "mta/rewrite/engine.h"
#include "mta/rewrite/pattern.h"
#include "mta/rewrite/rules.h"
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
  int status() const { return status_; }

 private:
  struct Call {
    uint16_t at = 0;  // where $> stands, from the frame's base
    uint16_t ruleset = 0;
  };
  enum class Phase : uint8_t { kRules, kLookups, kCalls };
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

  Frame& top() { return frames_[depth_ - 1]; }
  absl::Span<const Token> FrameTokens() {
    const size_t base = top().base;
    return {work_.data() + base, work_.size() - base};
  }

  void Enter(int ruleset, size_t base, size_t limit);
  // Counts what is done, and ends everything when it becomes too much: rulesets that call each
  // other twice would otherwise take longer than anybody lives, at a depth that is allowed.
  bool Spend(const Ruleset& ruleset) {
    if (++steps_ <= machine_.steps) [[likely]]
      return true;
    TooManySteps(ruleset);
    return false;
  }
  void TooManySteps(const Ruleset& ruleset);
  void Leave();
  void Fail(int status);
  void Return(int status);
  void ApplyRules();
  bool Build(const Rule& rule, const Bindings& bindings);
  bool PutMacroIn(NameId name);
  void Commit();

  // False: there is one to wait for, or the ruleset has failed.
  bool MakeLookups();
  bool Prepare(size_t begin);
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
  const Macros* macros_ = nullptr;
  RewriteObserver* observer_ = nullptr;
  bool traced_ = false;  // it wants to see rules
  int status_ = 0;

  std::vector<Token> work_;   // the tokens of all frames, the innermost ones last
  std::vector<Token> built_;  // what a right side gives, until its look-ups are made
  std::array<Frame, kMaxRewriteDepth + 1> frames_;
  int depth_ = 0;
  int64_t steps_ = 0;
  std::vector<uint64_t> failures_;

  Errands errands_;         // what is to be done with built_
  size_t next_lookup_ = 0;  // where to look for one in built_
  Lookup lookup_;
  Map* map_ = nullptr;
  std::string key_;
  std::vector<std::string> argument_texts_;
  std::vector<absl::string_view> arguments_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_EVALUATION_H_
