// Rules and an address from the input: whatever a configuration says, applying it ends, within the
// machine's limits, and no other tokens than the rules' make operators.
//
// The input: lines "S", "Rleft\tright", "Cx words", "Dx value"; what follows an empty line is the
// address. Rulesets are numbered by their order; $>N calls one.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/cf/configuration.h"
#include "mta/maps/map.h"
#include "mta/rewrite/engine.h"
#include "mta/rewrite/evaluation.h"

namespace stagepost {
namespace {

constexpr size_t kMaxInput = 2000;
constexpr int kMaxRulesetsInInput = 8;
constexpr int64_t kMaxSteps = 1000;
// Every ruleset may add as many as an address may have, as in sendmail.
constexpr size_t kMostTokens = kMaxTokens * (kMaxRewriteDepth + 1);

// Enough of a map to be found; the target answers itself.
class NoMap : public Map {
 public:
  Task<MapAnswer> Lookup(absl::string_view, absl::Span<const absl::string_view>) override {
    co_return MapAnswer();
  }
  Task<MapAnswer> Ask(absl::string_view, absl::Span<const absl::string_view>) override {
    co_return MapAnswer();
  }
  Task<bool> Open(std::string&) override { co_return true; }
  std::optional<char> blank_substitute() const override { return std::nullopt; }
  absl::string_view map_class() const override { return "none"; }
};

class Watcher : public RewriteObserver {
 public:
  void Entered(absl::string_view, absl::Span<const Token> tokens) override {
    CHECK(tokens.size() <= kMostTokens) << tokens.size();
  }
  void Left(absl::string_view, absl::Span<const Token> tokens) override {
    CHECK(tokens.size() <= kMostTokens) << tokens.size();
  }
  void Message(const RewriteMessage& message) override { CHECK(!message.text.empty()); }
};

void AddRule(absl::string_view line, Configuration& configuration) {
  if (configuration.rulesets.empty()) return;
  const std::pair<absl::string_view, absl::string_view> sides =
      absl::StrSplit(line, absl::MaxSplits('\t', 1));
  std::vector<std::string> errors;
  const auto left =
      configuration.macros.Expand(ParseText(sides.first, configuration.names, errors));
  const auto right =
      configuration.macros.Expand(ParseText(sides.second, configuration.names, errors));
  if (!left.ok() || !right.ok()) return;
  configuration.rulesets.back().rules.push_back({{"fuzz", 1}, *left, *right});
}

void AddLine(absl::string_view line, Configuration& configuration) {
  const absl::string_view rest = line.substr(1);
  std::vector<std::string> errors;
  switch (line[0]) {
    case 'S':
      if (configuration.rulesets.size() < kMaxRulesetsInInput) {
        const int number = static_cast<int>(configuration.rulesets.size());
        configuration.rulesets.push_back({.number = number, .name = {}, .rules = {}});
      }
      return;
    case 'R':
      return AddRule(rest, configuration);
    case 'C':
    case 'D': {
      const ScannedName name = configuration.names.Scan(rest, errors);
      if (!name.id.has_value()) return;
      const absl::string_view value = rest.substr(name.length);
      if (line[0] == 'D') {
        configuration.macros.Set(*name.id, ParseText(value, configuration.names, errors));
        return;
      }
      for (const absl::string_view word : absl::StrSplit(value, ' ', absl::SkipEmpty())) {
        configuration.classes.Add(*name.id, word);
      }
      return;
    }
    default:
      return;
  }
}

void Run(Configuration& configuration, absl::string_view address) {
  NoMap map;
  Diagnostics diagnostics;
  ClassIndex classes(configuration.classes);
  const Tokenizer tokenizer(".:%@!^/[]+");
  const Rulesets rulesets(configuration, tokenizer, classes, diagnostics);
  Machine machine{
      configuration.names,
      tokenizer,
      '.',
      classes,
      rulesets,
      [&map](absl::string_view name) -> Map* { return name == "none" ? nullptr : &map; },
      kMaxSteps};
  const auto evaluation = std::make_unique<Evaluation>(machine);
  for (const RulesetSource& ruleset : configuration.rulesets) {
    TokenList tokens;
    if (!tokenizer.Scan(address, {}, tokens).ok) return;
    Watcher watcher;
    evaluation->Start(ruleset.number, tokens, configuration.macros, &watcher);
    while (evaluation->Run() == Evaluation::Outcome::kLookup) {
      CHECK(evaluation->arguments().size() <= kMaxMapArguments);
      MapAnswer answer;
      if (evaluation->key().size() % 3 == 0) answer.value = std::string(evaluation->key());
      if (evaluation->key().size() % 7 == 0) answer.status = 75;
      evaluation->Resume(answer);
    }
    CHECK(tokens.size() <= kMostTokens) << tokens.size();
  }
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace stagepost;  // NOLINT
  if (size > kMaxInput) return 0;
  absl::string_view rest(reinterpret_cast<const char*>(data), size);
  Configuration configuration;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const absl::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    if (line.empty()) break;
    AddLine(line, configuration);
  }
  Run(configuration, rest);
  return 0;
}
