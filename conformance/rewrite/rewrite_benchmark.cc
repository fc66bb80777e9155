// What the ruleset machine costs with Debian's default configuration.
//
//   bazel run -c opt //conformance/rewrite:rewrite_benchmark
//
// Aim: `3,0 user@host`, from characters to mailer, host and user, in at most 2 µs. Maps are there
// and know nothing; what they cost is their own business. sendmail 8.17 took 37 µs for a line of
// -bt.
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "benchmark/benchmark.h"
#include "conformance/rewrite/oracle_world.h"
#include "mta/base/check.h"
#include "mta/cf/reader.h"
#include "mta/rewrite/evaluation.h"

namespace stagepost {
namespace {

constexpr char kFile[] = "conformance/oracle/cf/debian_default.cf";

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

class NoQuery : public ClassQuery {
 public:
  Task<absl::StatusOr<std::string>> Query(absl::string_view, absl::string_view,
                                          absl::string_view) override {
    co_return std::string();
  }
};

std::unique_ptr<Configuration>& Loaded() {
  static std::unique_ptr<Configuration> configuration;
  return configuration;
}

Task<int> Load(Environment& env, Arguments) {
  NoQuery query;
  ReadResult read =
      co_await ReadConfiguration(env, std::make_unique<Configuration>(), ReadOptions(), query);
  Loaded() = std::move(read.configuration);
  // The oracle's machine has no user "mail"; all else has been read.
  co_return Loaded() == nullptr ? read.exit_code : 0;
}

// The configuration, its rules compiled.
struct Rewriting {
  Rewriting() {
    std::ifstream file(kFile, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    CHECK(!text.empty()) << kFile;
    OracleWorld world;
    world.WriteFile("/etc/mail/sendmail.cf", text);
    for (const char* name : {"local-host-names", "relay-domains", "trusted-users", "access"}) {
      world.WriteFile(std::string("/etc/mail/") + name, "");
    }
    const OracleWorld::Result result = world.Run(&Load, {"load"}, "");
    CHECK(result.exit_code == 0) << result.output;
    configuration = std::move(Loaded());
    for (const char* word : {"mx1", "mx1.corp.example", "localhost", "[10.0.0.1]"}) {
      configuration->classes.Add(OneCharacterName('w'), word);
    }
    tokenizer.emplace(configuration->options.Text(OptionId::kOperatorChars));
    classes.emplace(configuration->classes);
    rulesets.emplace(*configuration, *tokenizer, *classes, diagnostics);
    machine.emplace(Machine{configuration->names, *tokenizer, '.', *classes, *rulesets,
                            [this](absl::string_view) -> Map* { return &map; }});
    evaluation = std::make_unique<Evaluation>(*machine);
  }

  // 3,0 ADDRESS, as typed at -bt.
  int Resolve(absl::string_view address, TokenList& tokens) {
    tokens.Clear();
    tokenizer->Scan(address, {.comments = Comments::kKeep, .delimiter = ','}, tokens);
    int status = 0;
    for (const int ruleset : {3, 0}) {
      evaluation->Start(ruleset, tokens, configuration->macros, nullptr);
      while (evaluation->Run() == Evaluation::Outcome::kLookup) evaluation->Resume(MapAnswer());
      status = evaluation->status();
    }
    return status;
  }

  NoMap map;
  Diagnostics diagnostics;
  std::unique_ptr<Configuration> configuration;
  std::optional<Tokenizer> tokenizer;
  std::optional<ClassIndex> classes;
  std::optional<Rulesets> rulesets;
  std::optional<Machine> machine;
  std::unique_ptr<Evaluation> evaluation;
};

void Resolve(benchmark::State& state, absl::string_view address, absl::string_view expected) {
  static Rewriting& rewriting = *new Rewriting;
  TokenList tokens;
  rewriting.Resolve(address, tokens);
  CHECK(ShowTokens(tokens) == std::string(expected)) << ShowTokens(tokens);
  for (auto _ : state) benchmark::DoNotOptimize(rewriting.Resolve(address, tokens));
}

void BM_ResolveUserAtHost(benchmark::State& state) {
  Resolve(state, "user@host", "$# esmtp $@ host $: user < @ host >");
}
BENCHMARK(BM_ResolveUserAtHost);

void BM_ResolveLocalUser(benchmark::State& state) { Resolve(state, "alice", "$# local $: alice"); }
BENCHMARK(BM_ResolveLocalUser);

void BM_ResolveRoute(benchmark::State& state) {
  Resolve(state, "<@a.example,@b.example:joe@some.example.com>",
          "$# esmtp $@ some . example . com $: joe < @ some . example . com >");
}
BENCHMARK(BM_ResolveRoute);

void BM_Tokenize(benchmark::State& state) {
  const Tokenizer tokenizer(".:%@!^/[]+");
  TokenList tokens;
  for (auto _ : state) {
    tokens.Clear();
    benchmark::DoNotOptimize(tokenizer.Scan("joe.user+detail@host.example.com", {}, tokens));
  }
}
BENCHMARK(BM_Tokenize);

}  // namespace
}  // namespace stagepost
