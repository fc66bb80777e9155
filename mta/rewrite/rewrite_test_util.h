// What the tests of this folder share: configurations written as rules, and answers of the machine
// as -bt would show them.
#ifndef STAGEPOST_MTA_REWRITE_REWRITE_TEST_UTIL_H_
#define STAGEPOST_MTA_REWRITE_REWRITE_TEST_UTIL_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "mta/async/executor.h"
#include "mta/async/loop.h"
#include "mta/async/task.h"
#include "mta/base/check.h"
#include "mta/cf/configuration.h"
#include "mta/maps/map.h"
#include "mta/rewrite/engine.h"

namespace stagepost {

// A map with the answers that a test gives it: the key, then its arguments with '|' between.
class AnswerMap : public Map {
 public:
  std::map<std::string, MapAnswer> answers;
  std::vector<std::string> asked;

  Task<MapAnswer> Lookup(absl::string_view key,
                         absl::Span<const absl::string_view> arguments) override {
    std::string question(key);
    for (const absl::string_view argument : arguments) absl::StrAppend(&question, "|", argument);
    asked.push_back(question);
    const auto found = answers.find(question);
    co_return found == answers.end() ? MapAnswer{.status = 69} : found->second;
  }
  Task<MapAnswer> Ask(absl::string_view key,
                      absl::Span<const absl::string_view> arguments) override {
    co_return co_await Lookup(key, arguments);
  }
  Task<bool> Open(std::string&) override { co_return true; }
  std::optional<char> blank_substitute() const override { return std::nullopt; }
  absl::string_view map_class() const override { return "test"; }
};

// Lines of S and R ("left => right"), D and C, as sendmail.cf has them, separated by newlines.
inline void ReadRules(absl::string_view lines, Configuration& configuration) {
  Names& names = configuration.names;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipWhitespace())) {
    const absl::string_view rest = line.substr(1);
    ++number;
    std::vector<std::string> errors;
    if (line[0] == 'S') {
      int ruleset = kMaxRulesets - 1 - static_cast<int>(configuration.rulesets.size());
      const std::string name(rest);
      if (!name.empty() && name[0] >= '0' && name[0] <= '9') {
        CHECK(absl::SimpleAtoi(name, &ruleset)) << name;
      } else {
        configuration.ruleset_numbers[name] = ruleset;
      }
      RulesetSource source;
      source.number = ruleset;
      if (configuration.ruleset_numbers.count(name) > 0) source.name = name;
      configuration.rulesets.push_back(std::move(source));
    } else if (line[0] == 'R') {
      const std::pair<absl::string_view, absl::string_view> sides =
          absl::StrSplit(rest, absl::MaxSplits("=>", 1));
      RuleSource rule;
      rule.where = {"test.cf", number};
      rule.left = *configuration.macros.Expand(ParseText(sides.first, names, errors));
      rule.right = *configuration.macros.Expand(ParseText(sides.second, names, errors));
      configuration.rulesets.back().rules.push_back(std::move(rule));
    } else {
      const ScannedName name = names.Scan(rest, errors);
      const absl::string_view value = rest.substr(name.length);
      if (line[0] == 'D') configuration.macros.Set(*name.id, ParseText(value, names, errors));
      if (line[0] == 'C') {
        for (const absl::string_view word : absl::StrSplit(value, ' ', absl::SkipEmpty())) {
          configuration.classes.Add(*name.id, word);
        }
      }
    }
    CHECK(errors.empty()) << errors[0];
  }
}

// Runs a coroutine that waits for nothing but other coroutines.
template <class F, class... Args>
auto RunToEnd(F f, Args... args) {
  using T = typename std::invoke_result_t<F, std::unwrap_reference_t<Args>...>::Result;
  Loop loop;
  Executor executor(loop);
  std::optional<T> result;
  executor.Start([&result](T value) { result.emplace(std::move(value)); }, f, args...);
  loop.RunUntilIdle();
  return *std::move(result);
}

// Collects what is said.
class Transcript : public RewriteObserver {
 public:
  std::vector<std::string> messages;
  std::vector<std::string> trace;
  bool watches = true;  // rulesets

  bool WantsRulesets() const override { return watches; }
  void Entered(absl::string_view ruleset, absl::Span<const Token> tokens) override {
    trace.push_back(absl::StrCat(ruleset, " < ", ShowTokens(tokens)));
  }
  void Left(absl::string_view ruleset, absl::Span<const Token> tokens) override {
    trace.push_back(absl::StrCat(ruleset, " > ", ShowTokens(tokens)));
  }
  void Message(const RewriteMessage& message) override { messages.push_back(message.text); }
};

// A configuration of a few rules, compiled, with one map named "map" and one named "host".
class TestRules {
 public:
  explicit TestRules(absl::string_view lines, absl::string_view operators = ".:%@!^/[]+") {
    CHECK(configuration.options
              .SetLong(absl::StrCat("OperatorChars=", operators), {}, Options::Origin::kFile)
              .empty());
    CHECK(configuration.options.SetLong("BlankSub=.", {}, Options::Origin::kFile).empty());
    configuration.version_level = 10;
    ReadRules(lines, configuration);
    engine = std::make_unique<Engine>(
        configuration,
        [this](absl::string_view name) -> Map* {
          return name == "map" || name == "host" ? &map : nullptr;
        },
        diagnostics);
  }
  TestRules(const TestRules&) = delete;

  // What the ruleset makes of the line; "STATUS tokens" if the status is not 0.
  std::string Apply(absl::string_view ruleset, absl::string_view line) {
    TokenList tokens;
    engine->tokenizer().Scan(line, {.comments = Comments::kKeep}, tokens);
    int number = 0;
    const auto named = configuration.ruleset_numbers.find(std::string(ruleset));
    if (named != configuration.ruleset_numbers.end()) {
      number = named->second;
    } else {
      CHECK(absl::SimpleAtoi(ruleset, &number)) << ruleset;
    }
    const int status = RunToEnd(&TestRules::ApplyTask, std::ref(*engine), number, std::ref(tokens),
                                std::ref(configuration.macros), &said);
    const std::string shown = ShowTokens(tokens);
    return status == 0 ? shown : absl::StrCat(status, " ", shown);
  }

  Configuration configuration;
  Diagnostics diagnostics;
  AnswerMap map;
  Transcript said;
  std::unique_ptr<Engine> engine;

 private:
  static Task<int> ApplyTask(Engine& engine, int ruleset, TokenList& tokens, Macros& macros,
                             RewriteObserver* observer) {
    co_return co_await engine.Apply(ruleset, tokens, macros, observer);
  }
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_REWRITE_TEST_UTIL_H_
