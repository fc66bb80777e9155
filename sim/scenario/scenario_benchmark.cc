// How fast whole scenarios run: `bazel run -c opt //sim/scenario:scenario_benchmark`.
//
// Aims: 2,000 of the smallest scenarios per core-second; an idle virtual week in under 10 ms.

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "mta/base/check.h"
#include "sim/scenario/loader.h"
#include "sim/scenario/runner.h"

namespace stagepost {
namespace {

constexpr char kWorld[] = R"(
  name: "benchmark"
  summary: "As little as shows something."
  world {
    host {
      name: "mx.corp.example"
      address: "192.0.2.25"
      mta { local: "corp.example" queue_interval: "30m" }
      user { name: "alice" }
    }
    host { name: "client.outside.example" address: "198.51.100.7" }
  }
)";

constexpr char kOneMessage[] = R"(
  step {
    smtp {
      from: "client.outside.example"
      to: "mx.corp.example"
      turn { say: "EHLO client.outside.example" expect: "250" }
      turn { say: "MAIL FROM:<carol@outside.example>" expect: "250" }
      turn { say: "RCPT TO:<alice@corp.example>" expect: "250" }
      turn { say: "DATA" expect: "354" }
      turn { say: "Subject: hello" say: "" say: "Hello." say: "." expect: "250" }
      turn { say: "QUIT" expect: "221" }
    }
  }
  expect { queue { host: "mx.corp.example" at_most: 1 } }
)";

constexpr char kOneRefusal[] = R"(
  step {
    smtp {
      from: "client.outside.example"
      to: "mx.corp.example"
      turn { say: "HELO client.outside.example" expect: "250" }
      turn { say: "MAIL FROM:<carol@outside.example>" expect: "250" }
      turn { say: "RCPT TO:<x@elsewhere.example>" expect: "550" }
      turn { say: "QUIT" expect: "221" }
    }
  }
)";

constexpr char kIdleWeek[] = R"(
  time_limit: "200h"
  step { wait { for: "168h" } }
)";

void RunText(benchmark::State& state, absl::string_view what) {
  const auto loaded = LoadScenario("benchmark", absl::StrCat(kWorld, what));
  CHECK(loaded.ok()) << loaded.status().message();
  uint64_t seed = 0;
  uint64_t events = 0;
  for (auto _ : state) {
    const auto result = RunScenario(*loaded, {.seed = ++seed});
    CHECK(result.ok()) << result.status().message();
    CHECK(result->held()) << result->failures[0].what;
    events += result->events;
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["events"] =
      benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
}

void BM_OneMessage(benchmark::State& state) { RunText(state, kOneMessage); }
BENCHMARK(BM_OneMessage)->Unit(benchmark::kMicrosecond);

void BM_OneRefusal(benchmark::State& state) { RunText(state, kOneRefusal); }
BENCHMARK(BM_OneRefusal)->Unit(benchmark::kMicrosecond);

void BM_IdleWeek(benchmark::State& state) { RunText(state, kIdleWeek); }
BENCHMARK(BM_IdleWeek)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace stagepost
