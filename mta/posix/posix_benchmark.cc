// What the live Environment costs: round trips over loopback, and syncs beside the bare disk.
//
//   bazel run -c opt //mta/posix:posix_benchmark        files are made in $TMPDIR, else /var/tmp
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "mta/posix/environment.h"
#include "mta/posix/event_loop.h"
#include "mta/posix/unique_fd.h"

namespace stagepost {
namespace {

// One Environment runs per iteration, so each does much work.
constexpr int kRoundTrips = 20'000;
constexpr absl::Duration kSyncTime = absl::Milliseconds(700);
constexpr int kPage = 4096;

std::string TemporaryFile(int number) {
  const char* const directory = ::getenv("TMPDIR");
  return absl::StrCat(directory == nullptr ? "/var/tmp" : directory, "/posix_benchmark.",
                      ::getpid(), ".", number);
}

Task<absl::Status> EchoLines(Listener& listener) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, co_await listener.Accept());
  char line[64];
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t got, co_await connection->Read(absl::MakeSpan(line)));
    if (got == 0) co_return absl::OkStatus();
    CO_RETURN_IF_ERROR(co_await WriteAll(*connection, {line, got}));
  }
}

Task<absl::Status> AskLines(Environment& env, SocketAddress to) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                      co_await env.network().Connect(to, std::nullopt));
  char line[64];
  for (int i = 0; i < kRoundTrips; ++i) {
    CO_RETURN_IF_ERROR(co_await WriteAll(*connection, "RCPT TO:<someone@example.com>\r\n"));
    CO_ASSIGN_OR_RETURN(const size_t got, co_await connection->Read(absl::MakeSpan(line)));
    if (got == 0) co_return absl::UnavailableError("closed");
  }
  co_return absl::OkStatus();
}

Task<int> EchoMain(Environment& env, Arguments) {
  absl::StatusOr<std::unique_ptr<Listener>> listener =
      env.network().Listen({.address = {*IpAddress::Parse("127.0.0.1"), 0}});
  if (!listener.ok()) co_return 1;
  TaskScope scope(co_await CurrentContext(), "echo", TaskScope::Policy::kFirstError, 2);
  (void)scope.Spawn(&EchoLines, std::ref(**listener));
  (void)scope.Spawn(&AskLines, std::ref(env), (*listener)->local());
  const absl::Status status = co_await scope.Join();
  co_return status.ok() ? 0 : 1;
}

// Until `deadline`: appends a page to a file of its own and brings it to stable storage.
Task<absl::Status> WriteAndSync(Environment& env, int number, MonotonicTime deadline, int& syncs) {
  const std::string path = TemporaryFile(number);
  const OpenOptions create = {.write = true, .create = true};
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await env.files().Open(path, create));
  const std::string page(kPage, 'x');
  CO_ASSIGN_OR_RETURN(const FileStat before, co_await file->Stat());
  for (uint64_t end = before.size; env.clock().MonotonicNow() < deadline; end += kPage) {
    CO_ASSIGN_OR_RETURN(const size_t size, co_await file->Write(end, page));
    if (size != kPage) co_return absl::DataLossError("not all written");
    CO_RETURN_IF_ERROR(co_await file->Sync());
    ++syncs;
  }
  co_return absl::OkStatus();
}

// Arguments: number of waiters. Exits with the number of syncs a second.
Task<int> SyncMain(Environment& env, Arguments arguments) {
  const int waiters = std::stoi(arguments[1]);
  const MonotonicTime start = env.clock().MonotonicNow();
  int syncs = 0;
  TaskScope scope(co_await CurrentContext(), "sync", TaskScope::Policy::kFirstError, 1000);
  for (int i = 0; i < waiters; ++i) {
    (void)scope.Spawn(&WriteAndSync, std::ref(env), i, start + kSyncTime, std::ref(syncs));
  }
  const absl::Status status = co_await scope.Join();
  if (!status.ok()) co_return 0;
  co_return static_cast<int>(syncs / absl::ToDoubleSeconds(env.clock().MonotonicNow() - start));
}

int RunOnce(Program main, std::string argument) {
  PosixOptions options;
  options.arguments = {"posix_benchmark", argument};
  PosixEnvironment environment(std::move(options));
  return environment.Run(main);
}

void BM_LoopbackRoundTrips(benchmark::State& state) {
  for (auto _ : state) {
    if (RunOnce(&EchoMain, "") != 0) state.SkipWithError("failed");
  }
  state.SetItemsProcessed(state.iterations() * kRoundTrips);
}
BENCHMARK(BM_LoopbackRoundTrips)->Unit(benchmark::kMillisecond)->UseRealTime();

// The disk by itself, one thread a waiter. Gives the number of syncs a second.
int BareSyncs(int waiters) {
  const MonotonicTime start = MachineMonotonicNow();
  std::atomic<int> syncs = 0;
  const auto write_and_sync = [&](int number) {
    const std::string path = TemporaryFile(number);
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
    const std::string page(kPage, 'x');
    while (MachineMonotonicNow() < start + kSyncTime) {
      if (::write(fd.get(), page.data(), kPage) != kPage) break;
      if (::fsync(fd.get()) != 0) break;
      ++syncs;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < waiters; ++i) threads.emplace_back(write_and_sync, i);
  for (std::thread& thread : threads) thread.join();
  return static_cast<int>(syncs / absl::ToDoubleSeconds(MachineMonotonicNow() - start));
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Other load on disk and processors changes from second to second, so the two run in turns, and
// what is told is the median over the turns: of each, and of their ratio within a turn.
void BM_SyncsBesideBareDisk(benchmark::State& state) {
  const int waiters = static_cast<int>(state.range(0));
  std::vector<double> bare, ours, ratio;
  for (auto _ : state) {
    const bool bare_first = bare.size() % 2 == 0;
    if (bare_first) bare.push_back(BareSyncs(waiters));
    ours.push_back(RunOnce(&SyncMain, absl::StrCat(waiters)));
    if (!bare_first) bare.push_back(BareSyncs(waiters));
    if (ours.back() == 0 || bare.back() == 0) return state.SkipWithError("failed");
    ratio.push_back(ours.back() / bare.back());
  }
  for (int i = 0; i < waiters; ++i) ::unlink(TemporaryFile(i).c_str());
  state.counters["bare/s"] = Median(bare);
  state.counters["ours/s"] = Median(ours);
  state.counters["ratio"] = Median(ratio);
}
BENCHMARK(BM_SyncsBesideBareDisk)->Arg(1)->Arg(8)->Arg(64)->Iterations(15)->UseRealTime();

}  // namespace
}  // namespace stagepost
