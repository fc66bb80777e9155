// What the network's contract cases share. All of them stay on the loopback addresses, which every
// machine has.
#ifndef STAGEPOST_CONFORMANCE_CONTRACT_NETWORK_CONTRACT_UTIL_H_
#define STAGEPOST_CONFORMANCE_CONTRACT_NETWORK_CONTRACT_UTIL_H_

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "mta/env/env_test_util.h"
#include "mta/env/environment.h"

namespace stagepost {

inline constexpr char kLoopbackV4[] = "127.0.0.1";
inline constexpr char kLoopbackV6[] = "::1";

inline SocketAddress AddressOf(absl::string_view address, uint16_t port = 0) {
  return {*IpAddress::Parse(address), port};
}

// Long enough for all that is under way on a loopback interface.
inline constexpr absl::Duration kSettle = absl::Milliseconds(20);

inline MonotonicTime Soon(Environment& env, absl::Duration wait = kSettle) {
  return env.clock().MonotonicNow() + wait;
}

inline Task<absl::StatusOr<std::unique_ptr<Connection>>> ConnectTo(Environment& env,
                                                                   SocketAddress to) {
  co_return co_await env.network().Connect(to, std::nullopt);
}

inline Task<absl::Status> TryConnect(Environment& env, SocketAddress to) {
  co_return (co_await env.network().Connect(to, std::nullopt)).status();
}

// As TryConnect(), giving up after a while.
inline Task<absl::Status> TryConnectBriefly(Environment& env, SocketAddress to) {
  auto connection = co_await WithDeadline(Soon(env, absl::Milliseconds(100)),
                                          env.network().Connect(to, std::nullopt));
  co_return connection.status();
}

// One read: its bytes, "" at the end of the stream.
inline Task<absl::StatusOr<std::string>> ReadOnce(ByteSource& source, size_t limit = 1000) {
  std::string buffer(limit, '\0');
  CO_ASSIGN_OR_RETURN(const size_t got, co_await source.Read(absl::MakeSpan(buffer)));
  co_return buffer.substr(0, got);
}

// As ReadOnce(), but after all that is under way has arrived: it may have been cut up.
inline Task<absl::StatusOr<std::string>> ReadSettled(ByteSource& source) {
  CO_RETURN_IF_ERROR(co_await Sleep(kSettle));
  co_return co_await ReadOnce(source);
}

inline Task<absl::Status> TryRead(ByteSource& source) {
  co_return (co_await ReadOnce(source)).status();
}

// Two ends of one connection.
struct Pair {
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Connection> client;
  std::unique_ptr<Connection> server;
};

inline Task<absl::StatusOr<Pair>> MakePair(Environment& env, std::string address = kLoopbackV4) {
  Pair pair;
  CO_ASSIGN_OR_RETURN(pair.listener, env.network().Listen({.address = AddressOf(address)}));
  CO_ASSIGN_OR_RETURN(pair.client, co_await ConnectTo(env, pair.listener->local()));
  CO_ASSIGN_OR_RETURN(pair.server, co_await pair.listener->Accept());
  co_return pair;
}

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_CONTRACT_NETWORK_CONTRACT_UTIL_H_
