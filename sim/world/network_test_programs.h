// Small programs that talk over the simulated network, for its tests.
#ifndef STAGEPOST_SIM_WORLD_NETWORK_TEST_PROGRAMS_H_
#define STAGEPOST_SIM_WORLD_NETWORK_TEST_PROGRAMS_H_

#include <array>
#include <functional>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/async/scope.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "sim/world/world_test_util.h"

namespace stagepost {

inline constexpr uint16_t kPort = 7;

inline SocketAddress On(absl::string_view address, uint16_t port = kPort) {
  return {Ip(address), port};
}

// Reads to the end of the stream, or to an error.
inline Task<absl::Status> ReadAll(ByteSource& source, std::string& into) {
  while (true) {
    std::array<char, 1500> buffer;
    CO_ASSIGN_OR_RETURN(const size_t n, co_await source.Read(absl::MakeSpan(buffer)));
    if (n == 0) co_return absl::OkStatus();
    into.append(buffer.data(), n);
  }
}

// Exit code 0, or the Errno of what went wrong.
inline int CodeOf(const absl::Status& status) {
  if (status.ok()) return 0;
  const Errno error = ErrnoOf(status);
  return error == Errno::kOk ? -1 : static_cast<int>(error);
}
constexpr int Code(Errno error) { return static_cast<int>(error); }

// Sends back what it gets, on one connection after the other.
inline Task<int> EchoServer(Environment& env, SocketAddress address) {
  auto listener = env.network().Listen({.address = address});
  if (!listener.ok()) co_return CodeOf(listener.status());
  while (true) {
    auto connection = co_await (*listener)->Accept();
    if (!connection.ok()) co_return CodeOf(connection.status());
    while (true) {
      std::array<char, 1000> buffer;
      const auto n = co_await (*connection)->Read(absl::MakeSpan(buffer));
      if (!n.ok() || *n == 0) break;
      if (!(co_await WriteAll(**connection, absl::string_view(buffer.data(), *n))).ok()) break;
    }
  }
}

inline Task<absl::Status> SendAndShut(Connection& connection, const std::string& text) {
  CO_RETURN_IF_ERROR(co_await WriteAll(connection, text));
  co_return connection.ShutdownWrite();
}

inline Task<absl::Status> Exchange(TaskScope& scope, Connection& connection,
                                   const std::string& text, std::string& reply) {
  CO_RETURN_IF_ERROR(scope.Spawn(&SendAndShut, std::ref(connection), std::cref(text)));
  co_return co_await ReadAll(connection, reply);
}

// Sends `text` and reads at the same time, until the server closes.
inline Task<int> EchoClient(Environment& env, SocketAddress to, std::string text,
                            std::string& reply) {
  auto connection = co_await env.network().Connect(to, std::nullopt);
  if (!connection.ok()) co_return CodeOf(connection.status());
  co_return CodeOf(co_await WithScope("exchange", TaskScope::Policy::kFirstError, 2, &Exchange,
                                      std::ref(**connection), std::cref(text), std::ref(reply)));
}

inline std::string Pattern(size_t size) {
  std::string text;
  for (size_t i = 0; text.size() < size; ++i) absl::StrAppend(&text, i, " ");
  text.resize(size);
  return text;
}

// Starts a server and gives it time to listen.
inline TestProgram& Serve(TestWorld& test, absl::string_view address) {
  TestProgram& server = test.Run(test.a, &EchoServer, On(address));
  test.RunFor(absl::Seconds(1));
  return server;
}

inline int ConnectCode(TestWorld& test, SimHost& host, absl::string_view to) {
  std::string reply;
  const TestProgram& client = test.Run(host, &EchoClient, On(to), "hello", std::ref(reply));
  EXPECT_TRUE(test.RunToEnd(client));
  if (client.exit->code == 0) EXPECT_EQ(reply, "hello");
  return client.exit->code;
}

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_NETWORK_TEST_PROGRAMS_H_
