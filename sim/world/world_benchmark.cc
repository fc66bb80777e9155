// What the simulated world costs in real time.
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "benchmark/benchmark.h"
#include "mta/async/deadline.h"
#include "mta/base/check.h"
#include "sim/world/world_test_util.h"

namespace stagepost {
namespace {

constexpr uint16_t kPort = 7;

void BM_BuildAndDestroyTwoHosts(benchmark::State& state) {
  for (auto _ : state) {
    TestWorld test;
    benchmark::DoNotOptimize(test.world.now());
  }
}
BENCHMARK(BM_BuildAndDestroyTwoHosts);

Task<int> ReturnAtOnce(Environment&) { co_return 0; }

void BM_Process(benchmark::State& state) {
  TestWorld test;
  for (auto _ : state) {
    test.RunToEnd(test.Run(test.a, &ReturnAtOnce));
    test.programs.clear();
  }
}
BENCHMARK(BM_Process);

Task<int> Server(Environment& env) {
  auto listener = env.network().Listen({.address = {Ip("0.0.0.0"), kPort}});
  while (true) {
    auto connection = co_await (*listener)->Accept();
    while (true) {
      std::array<char, 4096> buffer;
      const auto n = co_await (*connection)->Read(absl::MakeSpan(buffer));
      if (!n.ok() || *n == 0) break;
      (void)co_await WriteAll(**connection, absl::string_view(buffer.data(), *n));
    }
  }
}

// One line to and fro is two writes and about two and a half segments.
Task<int> Client(Environment& env, int64_t& round_trips, bool& stop) {
  auto connection = co_await env.network().Connect({Ip("192.0.2.1"), kPort}, std::nullopt);
  CHECK(connection.ok());
  while (!stop) {
    const absl::string_view line = "MAIL FROM:<somebody@somewhere.example>\r\n";
    (void)co_await WriteAll(**connection, line);
    for (size_t got = 0; got < line.size();) {
      std::array<char, 4096> buffer;
      const auto n = co_await (*connection)->Read(absl::MakeSpan(buffer));
      CHECK(n.ok());
      got += *n;
    }
    ++round_trips;
  }
  co_return 0;
}

void BM_RoundTrip(benchmark::State& state) {
  TestWorld test;
  test.Run(test.a, &Server);
  test.RunFor(absl::Seconds(1));
  int64_t round_trips = 0;
  bool stop = false;
  const TestProgram& client = test.Run(test.b, &Client, std::ref(round_trips), std::ref(stop));
  uint64_t steps = 0;
  for (auto _ : state) {
    const int64_t before = round_trips;
    do {
      test.world.Step(MonotonicTime::InfiniteFuture());
      ++steps;
    } while (round_trips == before);
  }
  state.counters["steps"] =
      benchmark::Counter(static_cast<double>(steps), benchmark::Counter::kIsRate);
  stop = true;
  test.RunToEnd(client);
}
BENCHMARK(BM_RoundTrip);

Task<int> Tick(Environment&) {
  while (true) (void)co_await Sleep(absl::Minutes(15));
}

// A daemon that looks at its queue every quarter of an hour.
void BM_IdleWeek(benchmark::State& state) {
  for (auto _ : state) {
    TestWorld test;
    test.Run(test.a, &Tick);
    test.RunFor(7 * absl::Hours(24));
  }
}
BENCHMARK(BM_IdleWeek);

}  // namespace
}  // namespace stagepost
