// What the live Environment costs: round trips over loopback, and syncs beside the bare disk.
//
//   bazel run -c opt //mta/posix:posix_benchmark        files are made in $TMPDIR, else /tmp
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "mta/posix/environment.h"

namespace stagepost {
namespace {

// One Environment runs per iteration, so each does much work.
constexpr int kRoundTrips = 20'000;
constexpr int kSyncs = 4096;

std::string TemporaryFile(int number) {
  const char* const directory = ::getenv("TMPDIR");
  return absl::StrCat(directory == nullptr ? "/tmp" : directory, "/posix_benchmark.", ::getpid(),
                      ".", number);
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

Task<absl::Status> WriteAndSync(Environment& env, int number, int times) {
  const std::string path = TemporaryFile(number);
  const OpenOptions create = {.write = true, .create = true};
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await env.files().Open(path, create));
  for (int i = 0; i < times; ++i) {
    CO_ASSIGN_OR_RETURN(const size_t size, co_await file->Write(0, absl::StrCat("text ", i)));
    if (size == 0) co_return absl::DataLossError("nothing written");
    CO_RETURN_IF_ERROR(co_await file->Sync());
  }
  co_return co_await env.files().Unlink(path);
}

Task<int> SyncMain(Environment& env, Arguments arguments) {
  const int waiters = std::stoi(arguments[1]);
  TaskScope scope(co_await CurrentContext(), "sync", TaskScope::Policy::kFirstError, 1000);
  for (int i = 0; i < waiters; ++i) {
    (void)scope.Spawn(&WriteAndSync, std::ref(env), i, kSyncs / waiters);
  }
  const absl::Status status = co_await scope.Join();
  co_return status.ok() ? 0 : 1;
}

void RunOnce(benchmark::State& state, Program main, std::string argument) {
  PosixOptions options;
  options.arguments = {"posix_benchmark", argument};
  PosixEnvironment environment(std::move(options));
  if (environment.Run(main) != 0) state.SkipWithError("failed");
}

void BM_LoopbackRoundTrips(benchmark::State& state) {
  for (auto _ : state) RunOnce(state, &EchoMain, "");
  state.SetItemsProcessed(state.iterations() * kRoundTrips);
}
BENCHMARK(BM_LoopbackRoundTrips)->Unit(benchmark::kMillisecond)->UseRealTime();

void BM_Syncs(benchmark::State& state) {
  for (auto _ : state) RunOnce(state, &SyncMain, absl::StrCat(state.range(0)));
  state.SetItemsProcessed(state.iterations() * kSyncs);
}
BENCHMARK(BM_Syncs)->Arg(1)->Arg(8)->Arg(64)->Unit(benchmark::kMillisecond)->UseRealTime();

// The disk by itself, one thread a waiter.
void BareSyncs(int number, int times) {
  const std::string path = TemporaryFile(number);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  for (int i = 0; i < times; ++i) {
    const std::string text = absl::StrCat("text ", i);
    if (::pwrite(fd, text.data(), text.size(), 0) < 0 || ::fsync(fd) != 0) break;
  }
  ::close(fd);
  ::unlink(path.c_str());
}

void BM_BareSyncs(benchmark::State& state) {
  const int waiters = static_cast<int>(state.range(0));
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (int i = 0; i < waiters; ++i) threads.emplace_back(&BareSyncs, i, kSyncs / waiters);
    for (std::thread& thread : threads) thread.join();
  }
  state.SetItemsProcessed(state.iterations() * kSyncs);
}
BENCHMARK(BM_BareSyncs)->Arg(1)->Arg(8)->Arg(64)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace stagepost
