// Whole configurations: what a site, or whoever could write its file, may put into sendmail.cf.
// What stands behind a line of four percent signs is a class file, /f.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/cf/reader.h"
#include "sim/testing/test_host.h"

namespace {

using stagepost::Configuration;
using stagepost::Diagnostic;
using stagepost::NameId;
using stagepost::ReadResult;
using stagepost::Task;
using stagepost::TestHost;

constexpr absl::string_view kSeparator = "\n%%%%\n";
constexpr int kInputsPerHost = 100;

// A map that has an answer for every key.
class EchoMaps final : public stagepost::ClassQuery {
 public:
  Task<absl::StatusOr<std::string>> Query(absl::string_view map_class, absl::string_view,
                                          absl::string_view key) override {
    if (map_class.empty()) co_return absl::NotFoundError("map open failed");
    co_return std::string(key);
  }
};

Task<int> Read(stagepost::Environment& env, ReadResult& result) {
  auto initial = std::make_unique<Configuration>();
  initial->macros.SetLiteral(stagepost::OneCharacterName('j'), "host.example");
  EchoMaps maps;
  stagepost::ReadOptions options;
  options.file = "/cf";
  result = co_await stagepost::ReadConfiguration(env, std::move(initial), options, maps);
  co_return 0;
}

std::string Said(const ReadResult& result) {
  std::string said;
  for (const Diagnostic& diagnostic : stagepost::InPrintingOrder(result, {})) {
    said += Render(diagnostic) + "\n";
  }
  return said;
}

void CheckMeaning(const Configuration& configuration) {
  CHECK(configuration.names.size() <= stagepost::kMaxNames);
  CHECK(configuration.mailers.size() >= 3 && configuration.mailers.size() <= 25);
  CHECK(configuration.rulesets.size() <= stagepost::kMaxRulesets);
  for (const auto& ruleset : configuration.rulesets) {
    CHECK(ruleset.number >= 0 && ruleset.number < stagepost::kMaxRulesets);
    for (const auto& rule : ruleset.rules) {
      WriteText(rule.left, configuration.names);
      CHECK(rule.right.size() <= stagepost::kMaxExpansionBytes);
    }
  }
  for (const auto& [name, number] : configuration.ruleset_numbers) {
    CHECK(configuration.FindRuleset(name) != nullptr) << name << " " << number;
  }
  for (const auto& mailer : configuration.mailers) {
    CHECK(!mailer.name.empty() && !mailer.path.empty() && !mailer.arguments.empty());
    CHECK(configuration.FindMailer(mailer.name) == &mailer);
  }
  for (size_t name = 0; name < configuration.names.size(); ++name) {
    const NameId id{static_cast<uint16_t>(name)};
    for (const absl::string_view word : configuration.classes.Words(id)) {
      CHECK(!word.empty() && word.find_first_of(" \t\n") == word.npos);
      CHECK(configuration.classes.Contains(id, word));
      CHECK(word.size() <= configuration.classes.longest_word(id));
    }
    const stagepost::Text* const value = configuration.macros.Find(id);
    if (value == nullptr) continue;
    const auto expanded = configuration.macros.ExpandToString(*value, configuration.names);
    CHECK(expanded.ok() || absl::StartsWith(expanded.status().message(), "expand: "));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t separator = text.find(kSeparator);
  // To make a host takes longer than to read a file.
  static std::unique_ptr<TestHost> kept;
  static int uses = 0;
  if (uses++ % kInputsPerHost == 0) kept = std::make_unique<TestHost>();
  TestHost& host = *kept;
  CHECK(host.disk().WriteFile("/cf", text.substr(0, separator)).ok());
  CHECK(host.disk().RemoveAll("/f").ok());
  if (separator != text.npos) {
    CHECK(host.disk().WriteFile("/f", text.substr(separator + kSeparator.size())).ok());
  }
  ReadResult result, again;
  CHECK(host.Run(&Read, std::ref(result)) == 0);
  CHECK(host.Run(&Read, std::ref(again)) == 0);
  CHECK(Said(result) == Said(again));
  CHECK(result.exit_code == again.exit_code);
  // A fatal error leaves none.
  CHECK((result.configuration == nullptr) == (again.configuration == nullptr));
  if (result.configuration == nullptr) {
    CHECK(result.exit_code != 0);
  } else {
    CheckMeaning(*result.configuration);
  }
  return 0;
}
