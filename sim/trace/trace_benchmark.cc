// What recording costs: `bazel run -c opt //sim/trace:trace_benchmark`.

#include <string>

#include "benchmark/benchmark.h"
#include "mta/env/trace.h"
#include "sim/trace/trace.h"

namespace stagepost {
namespace {

void BM_SmallEvent(benchmark::State& state) {
  TraceLog log;
  int64_t time = 0;
  for (auto _ : state) log.Record(++time, 0, 100, {EventKind::kSchedule, "", "", 3, 1});
  benchmark::DoNotOptimize(log.hash());
}
BENCHMARK(BM_SmallEvent);

void BM_SmtpCommand(benchmark::State& state) {
  TraceLog log;
  int64_t time = 0;
  for (auto _ : state) {
    log.Record(++time, 0, 100,
               {EventKind::kSmtpCommand, "198.51.100.7:40001", "RCPT TO:<alice@example.org>", 1});
  }
  benchmark::DoNotOptimize(log.hash());
}
BENCHMARK(BM_SmtpCommand);

void BM_KilobyteOfData(benchmark::State& state) {
  TraceLog log;
  const std::string text(1024, 'x');
  for (auto _ : state) log.Record(1, 0, 100, {EventKind::kBytesSent, "mx", text, 1024});
  state.SetBytesProcessed(state.iterations() * 1024);
  benchmark::DoNotOptimize(log.hash());
}
BENCHMARK(BM_KilobyteOfData);

}  // namespace
}  // namespace stagepost
