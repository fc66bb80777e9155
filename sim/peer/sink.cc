#include "sim/peer/sink.h"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "sim/peer/sink_session.h"

namespace stagepost {
namespace {

constexpr size_t kMaxSessions = 10'000;
constexpr size_t kMaxScript = 1 << 20;

// The numbers go on where they ended when the sink last ran.
Task<absl::Status> FindNextNumber(SinkServer& server) {
  CO_ASSIGN_OR_RETURN(const std::vector<DirectoryEntry> entries,
                      co_await server.env.files().ListDirectory(kSinkDirectory));
  for (const DirectoryEntry& entry : entries) {
    int number = 0;
    if (absl::SimpleAtoi(entry.name, &number)) {
      server.next_message = std::max(server.next_message, number + 1);
    }
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::string>> ReadWhole(Environment& env, std::string path) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await env.files().Open(path, {.read = true}));
  std::string text;
  while (text.size() < kMaxScript) {
    std::array<char, 4096> chunk;
    CO_ASSIGN_OR_RETURN(const size_t n, co_await file->Read(text.size(), absl::MakeSpan(chunk)));
    if (n == 0) break;
    text.append(chunk.data(), n);
  }
  co_return text;
}

Task<absl::Status> ServeOne(SinkServer& server, std::unique_ptr<Connection> connection) {
  SinkSession session(server, std::move(connection));
  co_return co_await session.Run();
}

Task<absl::Status> AcceptAll(SinkServer& server, TaskScope& scope, Listener& listener) {
  while (true) {
    CO_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, co_await listener.Accept());
    // Over the limit: the connection is closed.
    (void)scope.Spawn(&ServeOne, std::ref(server), std::move(connection));
  }
}

Task<int> Serve(Environment& env, scenario::Sink sink) {
  SinkServer server(env, sink);
  if (!(co_await FindNextNumber(server)).ok()) co_return 73;
  const auto port = static_cast<uint16_t>(sink.port());
  const auto v4 = env.network().Listen({.address = {IpAddress(), port}, .backlog = 128});
  const auto v6 = env.network().Listen({.address = {IpAddress::V6({}), port}, .backlog = 128});
  if (!v4.ok() || !v6.ok()) co_return 71;
  env.process().SetTitle("accepting connections");
  TaskScope scope(co_await CurrentContext(), "sink", TaskScope::Policy::kSupervise, kMaxSessions);
  for (const auto* listener : {&v4, &v6}) {
    (void)scope.Spawn(&AcceptAll, std::ref(server), std::ref(scope), std::ref(***listener));
  }
  (void)co_await scope.Join();
  co_return 0;
}

}  // namespace

Task<int> SinkMain(Environment& env, Arguments arguments) {
  scenario::Sink sink;
  if (arguments.size() < 2 || (arguments[1] == "-c" && arguments.size() != 3)) co_return 64;
  if (arguments[1] == "-c") {
    const absl::StatusOr<std::string> script = co_await ReadWhole(env, arguments[2]);
    if (!script.ok() || !sink.ParseFromString(*script)) co_return 66;
  } else {
    for (size_t i = 1; i < arguments.size(); ++i) sink.add_domain(arguments[i]);
  }
  co_return co_await Serve(env, std::move(sink));
}

}  // namespace stagepost
