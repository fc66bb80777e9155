// Reading a configuration of 2,000 lines, half of them rules, on a simulated host.
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "mta/base/check.h"
#include "mta/cf/reader.h"
#include "sim/testing/test_host.h"

namespace stagepost {
namespace {

class NoMaps final : public ClassQuery {
 public:
  Task<absl::StatusOr<std::string>> Query(absl::string_view, absl::string_view,
                                          absl::string_view) override {
    co_return absl::NotFoundError("map open failed");
  }
};

std::string TwoThousandLines() {
  std::string text =
      "V10/Berkeley\nO QueueDirectory=/q\nMlocal, P=/b, F=lsDFMA, A=x $u\nDXvalue\nC{Set}a b c\n";
  for (int i = 0; i < 94; ++i) {
    absl::StrAppend(&text, "Sruleset", i, "\n# What this ruleset is for\n");
    for (int j = 0; j < 10; ++j) {
      absl::StrAppend(&text, "R$* < @ $+ . $={Set} . $X > $*\t\t$#esmtp $@ $2 $: $>Other $1 < @ ",
                      j, " . $3 . > $&{client_addr} $4\t a comment\n# more\n");
    }
  }
  return text;
}

Task<int> Read(Environment& env, ReadResult& result) {
  NoMaps maps;
  result = co_await ReadConfiguration(env, std::make_unique<Configuration>(), ReadOptions(), maps);
  co_return 0;
}

void BM_ReadConfiguration(benchmark::State& state) {
  TestHost host;
  CHECK(host.disk().WriteFile("/etc/mail/sendmail.cf", TwoThousandLines()).ok());
  for (auto _ : state) {
    ReadResult result;
    CHECK(host.Run(&Read, std::ref(result)) == 0);
    CHECK(result.configuration->rulesets.size() == 94);
  }
}
BENCHMARK(BM_ReadConfiguration)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace stagepost
