// Listening, connecting, accepting, and the addresses of both ends.
#include <vector>

#include "conformance/contract/child_contract.h"
#include "conformance/contract/contract_host.h"
#include "conformance/contract/network_contract_util.h"

namespace stagepost {
namespace {

class NetworkContract : public ContractTest {};
class NetworkChildContract : public ChildContractTest {};

Task<absl::StatusOr<std::unique_ptr<Listener>>> ListenOn(Environment& env, SocketAddress address,
                                                         bool v6_only = true, int backlog = 10) {
  co_return env.network().Listen({.address = address, .backlog = backlog, .v6_only = v6_only});
}

#define CO_LISTEN(name, ...) \
  CO_REQUIRE_ASSIGN(std::unique_ptr<Listener> name, co_await ListenOn(env, __VA_ARGS__))
#define CO_CONNECT(name, to) \
  CO_REQUIRE_ASSIGN(std::unique_ptr<Connection> name, co_await ConnectTo(env, to))
#define CO_ACCEPT(name, listener) \
  CO_REQUIRE_ASSIGN(std::unique_ptr<Connection> name, co_await (listener)->Accept())

// A port where nobody listens.
Task<uint16_t> FreePort(Environment& env, std::string address) {
  auto listener = env.network().Listen({.address = AddressOf(address)});
  EXPECT_TRUE(listener.ok()) << listener.status();
  co_return listener.ok() ? (*listener)->local().port : 1;
}

CONTRACT_TEST(NetworkContract, Connect_KnowsBothEnds) {
  for (const char* address : {kLoopbackV4, kLoopbackV6}) {
    CO_REQUIRE_ASSIGN(Pair pair, co_await MakePair(env, address));
    EXPECT_EQ(pair.client->peer(), pair.listener->local());
    EXPECT_EQ(pair.server->local(), pair.listener->local());
    EXPECT_EQ(pair.server->peer(), pair.client->local());
    EXPECT_EQ(pair.client->local().address.ToString(), address);
    EXPECT_GE(pair.client->local().port, 1024);
  }
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Connect_ECONNREFUSED) {
  const SocketAddress nobody = AddressOf(kLoopbackV4, co_await FreePort(env, kLoopbackV4));
  const absl::Status status = co_await TryConnect(env, nobody);
  EXPECT_ERRNO(status, ECONNREFUSED);
  EXPECT_EQ(status.message(),
            absl::StrCat("connect 127.0.0.1:", nobody.port, ": Connection refused"));
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Connect_V6_ECONNREFUSED) {
  const SocketAddress nobody = AddressOf(kLoopbackV6, co_await FreePort(env, kLoopbackV6));
  const absl::Status status = co_await TryConnect(env, nobody);
  EXPECT_ERRNO(status, ECONNREFUSED);
  EXPECT_EQ(status.message(), absl::StrCat("connect [::1]:", nobody.port, ": Connection refused"));
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Connect_PortZero_ECONNREFUSED) {
  EXPECT_ERRNO(co_await TryConnect(env, AddressOf(kLoopbackV4, 0)), ECONNREFUSED);
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Connect_OtherLoopbackAddress_ECONNREFUSED) {
  CO_LISTEN(listener, AddressOf(kLoopbackV4));
  EXPECT_ERRNO(co_await TryConnect(env, AddressOf("127.0.0.9", listener->local().port)),
               ECONNREFUSED);
  co_return 0;
}

// Somebody else on the machine may listen there by IPv6, on a port that happens to be ours by IPv4:
// not on three ports in a row.
CONTRACT_TEST(NetworkContract, Connect_V4ListenerIsNotThereOnV6) {
  absl::Status status;
  for (int i = 0; i < 3 && status.ok(); ++i) {
    CO_LISTEN(listener, AddressOf("0.0.0.0"));
    status = co_await TryConnect(env, AddressOf(kLoopbackV6, listener->local().port));
  }
  EXPECT_ERRNO(status, ECONNREFUSED);
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Connect_WildcardTakesEveryLoopbackAddress) {
  CO_LISTEN(listener, AddressOf("0.0.0.0"));
  EXPECT_EQ(listener->local().address.ToString(), "0.0.0.0");
  const SocketAddress to = AddressOf("127.0.0.9", listener->local().port);
  CO_CONNECT(client, to);
  CO_ACCEPT(server, listener);
  EXPECT_EQ(server->local(), to);
  EXPECT_EQ(client->peer(), to);
  EXPECT_EQ(client->local().address.ToString(), "127.0.0.1");
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Connect_ToNoAddressIsToOneself) {
  for (const auto& [wildcard, own] :
       {std::pair("0.0.0.0", kLoopbackV4), std::pair("::", kLoopbackV6)}) {
    CO_LISTEN(listener, AddressOf(wildcard));
    CO_CONNECT(client, AddressOf(wildcard, listener->local().port));
    CO_ACCEPT(server, listener);
    EXPECT_EQ(client->peer(), AddressOf(own, listener->local().port));
    EXPECT_EQ(client->local().address.ToString(), own);
    EXPECT_EQ(server->local(), client->peer());
  }
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Connect_FromAddress) {
  CO_LISTEN(listener, AddressOf(kLoopbackV4));
  const std::optional<IpAddress> from = IpAddress::Parse("127.0.0.9");
  CO_REQUIRE_ASSIGN(std::unique_ptr<Connection> client,
                    co_await env.network().Connect(listener->local(), from));
  CO_ACCEPT(server, listener);
  EXPECT_EQ(client->local().address, *from);
  EXPECT_EQ(server->peer(), client->local());
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Connect_FromNoAddressInParticular) {
  CO_LISTEN(listener, AddressOf(kLoopbackV4));
  CO_REQUIRE_ASSIGN(std::unique_ptr<Connection> client,
                    co_await env.network().Connect(listener->local(), IpAddress()));
  EXPECT_EQ(client->local().address.ToString(), kLoopbackV4);
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Connect_FromForeignAddress_EADDRNOTAVAIL) {
  for (const auto& [own, foreign] :
       {std::pair(kLoopbackV4, "203.0.113.77"), std::pair(kLoopbackV6, "2001:db8:77::1")}) {
    CO_LISTEN(listener, AddressOf(own));
    const std::optional<IpAddress> from = IpAddress::Parse(foreign);
    EXPECT_ERRNO((co_await env.network().Connect(listener->local(), from)).status(), EADDRNOTAVAIL);
  }
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Connect_FromTheOtherFamily_EINVAL) {
  for (const auto& [own, other] :
       {std::pair(kLoopbackV4, kLoopbackV6), std::pair(kLoopbackV6, kLoopbackV4)}) {
    CO_LISTEN(listener, AddressOf(own));
    const std::optional<IpAddress> from = IpAddress::Parse(other);
    EXPECT_ERRNO((co_await env.network().Connect(listener->local(), from)).status(), EINVAL);
  }
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Connect_MappedAddressReachesV4) {
  CO_LISTEN(listener, AddressOf(kLoopbackV4));
  const uint16_t port = listener->local().port;
  CO_CONNECT(client, AddressOf("::ffff:127.0.0.1", port));
  CO_ACCEPT(server, listener);
  EXPECT_EQ(client->peer(), AddressOf("::ffff:127.0.0.1", port));
  EXPECT_EQ(client->local().address, *IpAddress::Parse("::ffff:127.0.0.1"));
  EXPECT_EQ(server->peer(), AddressOf(kLoopbackV4, client->local().port));
  EXPECT_EQ(server->local(), listener->local());
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Connect_MappedAddress_ECONNREFUSED) {
  CO_LISTEN(listener, AddressOf(kLoopbackV6));
  EXPECT_ERRNO(co_await TryConnect(env, AddressOf("::ffff:127.0.0.1", listener->local().port)),
               ECONNREFUSED);
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Connect_DoesNotWaitForAccept) {
  CO_LISTEN(listener, AddressOf(kLoopbackV4));
  CO_CONNECT(client, listener->local());
  EXPECT_OK(co_await WriteAll(*client, "early"));
  EXPECT_OK(client->ShutdownWrite());
  EXPECT_OK(co_await Sleep(kSettle));
  CO_ACCEPT(server, listener);
  CO_REQUIRE_ASSIGN(const std::string text, co_await ReadAll(*server));
  EXPECT_EQ(text, "early");
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Connect_PortsDiffer) {
  CO_LISTEN(listener, AddressOf(kLoopbackV4));
  CO_CONNECT(first, listener->local());
  CO_CONNECT(second, listener->local());
  EXPECT_NE(first->local(), second->local());
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listen_PortZeroGivesAnother) {
  CO_LISTEN(first, AddressOf(kLoopbackV4));
  CO_LISTEN(second, AddressOf(kLoopbackV4));
  EXPECT_GE(first->local().port, 1024);
  EXPECT_NE(first->local().port, second->local().port);
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listen_EADDRINUSE) {
  for (const char* address : {kLoopbackV4, kLoopbackV6}) {
    CO_LISTEN(first, AddressOf(address));
    const absl::Status status = env.network().Listen({.address = first->local()}).status();
    EXPECT_ERRNO(status, EADDRINUSE);
    EXPECT_EQ(status.message(),
              absl::StrCat("bind ", first->local().ToString(), ": Address already in use"));
  }
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listen_WildcardBesideSpecific_EADDRINUSE) {
  for (const auto& [specific, wildcard] :
       {std::pair(kLoopbackV4, "0.0.0.0"), std::pair(kLoopbackV6, "::")}) {
    CO_LISTEN(first, AddressOf(specific));
    const SocketAddress wide = AddressOf(wildcard, first->local().port);
    EXPECT_ERRNO(env.network().Listen({.address = wide}).status(), EADDRINUSE);
    CO_LISTEN(second, AddressOf(wildcard));
    const SocketAddress narrow = AddressOf(specific, second->local().port);
    EXPECT_ERRNO(env.network().Listen({.address = narrow}).status(), EADDRINUSE);
  }
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listen_TwoAddressesShareAPort) {
  CO_LISTEN(first, AddressOf(kLoopbackV4));
  CO_LISTEN(second, AddressOf("127.0.0.9", first->local().port));
  CO_CONNECT(client, second->local());
  CO_ACCEPT(server, second);
  EXPECT_EQ(server->local().address.ToString(), "127.0.0.9");
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listen_V6OnlyBesideV4) {
  CO_LISTEN(v4, AddressOf("0.0.0.0"));
  CO_LISTEN(v6, AddressOf("::", v4->local().port));
  EXPECT_EQ(v6->local().address.ToString(), "::");
  CO_CONNECT(client, AddressOf(kLoopbackV6, v4->local().port));
  CO_ACCEPT(server, v6);
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listen_V6Only_RefusesV4) {
  CO_LISTEN(listener, AddressOf("::"));
  EXPECT_ERRNO(co_await TryConnect(env, AddressOf(kLoopbackV4, listener->local().port)),
               ECONNREFUSED);
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listen_BothFamilies_TakesV4AsMapped) {
  CO_LISTEN(listener, AddressOf("::"), /*v6_only=*/false);
  const uint16_t port = listener->local().port;
  CO_CONNECT(client, AddressOf(kLoopbackV4, port));
  CO_ACCEPT(server, listener);
  EXPECT_EQ(client->peer(), AddressOf(kLoopbackV4, port));
  EXPECT_EQ(server->local(), AddressOf("::ffff:127.0.0.1", port));
  EXPECT_EQ(server->peer(), AddressOf("::ffff:127.0.0.1", client->local().port));
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listen_BothFamilies_TakesV6) {
  CO_LISTEN(listener, AddressOf("::"), /*v6_only=*/false);
  CO_CONNECT(client, AddressOf(kLoopbackV6, listener->local().port));
  CO_ACCEPT(server, listener);
  EXPECT_EQ(server->local(), client->peer());
  EXPECT_EQ(server->peer(), client->local());
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listen_BothFamiliesBesideV4_EADDRINUSE) {
  for (const char* address : {kLoopbackV4, "0.0.0.0"}) {
    CO_LISTEN(v4, AddressOf(address));
    const SocketAddress wide = AddressOf("::", v4->local().port);
    EXPECT_ERRNO(env.network().Listen({.address = wide, .v6_only = false}).status(), EADDRINUSE);
    CO_LISTEN(both, AddressOf("::"), /*v6_only=*/false);
    const SocketAddress narrow = AddressOf(address, both->local().port);
    EXPECT_ERRNO(env.network().Listen({.address = narrow}).status(), EADDRINUSE);
  }
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listen_OneV6AddressIsNotBothFamilies) {
  CO_LISTEN(listener, AddressOf(kLoopbackV6), /*v6_only=*/false);
  CO_LISTEN(v4, AddressOf(kLoopbackV4, listener->local().port));
  CO_CONNECT(client, v4->local());
  CO_ACCEPT(server, v4);
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listen_MappedAddressTakesV4) {
  CO_LISTEN(listener, AddressOf("::ffff:127.0.0.1"), /*v6_only=*/false);
  const uint16_t port = listener->local().port;
  EXPECT_EQ(listener->local().address, *IpAddress::Parse("::ffff:127.0.0.1"));
  CO_CONNECT(client, AddressOf(kLoopbackV4, port));
  CO_ACCEPT(server, listener);
  EXPECT_EQ(server->peer(), AddressOf("::ffff:127.0.0.1", client->local().port));
  EXPECT_ERRNO(env.network().Listen({.address = AddressOf(kLoopbackV4, port)}).status(),
               EADDRINUSE);
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listen_MappedAddressV6Only_EINVAL) {
  EXPECT_ERRNO(env.network().Listen({.address = AddressOf("::ffff:127.0.0.1")}).status(), EINVAL);
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listen_EADDRNOTAVAIL) {
  for (const char* foreign : {"203.0.113.77", "2001:db8:77::1"}) {
    EXPECT_ERRNO(env.network().Listen({.address = AddressOf(foreign)}).status(), EADDRNOTAVAIL);
  }
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listen_AgainAtOnce) {
  CO_LISTEN(listener, AddressOf(kLoopbackV4));
  const SocketAddress address = listener->local();
  CO_CONNECT(client, address);
  CO_ACCEPT(server, listener);
  listener.reset();
  EXPECT_ERRNO(co_await TryConnect(env, address), ECONNREFUSED);
  CO_LISTEN(again, address);  // beside a connection of the old one
  server.reset();
  client.reset();
  again.reset();
  CO_LISTEN(third, address);  // with the old connection in its last state
  co_return 0;
}

const Identity kNobody = {UserId{12345}, GroupId{12345}, {}};

Task<absl::Status> TryListen(Environment& env, SocketAddress address) {
  co_return env.network().Listen({.address = address}).status();
}

// RFC 6335's system ports are root's.
CONTRACT_TEST(NetworkChildContract, Listen_EACCES) {
  EXPECT_OK(co_await TryListen(env, AddressOf(kLoopbackV4, 1021)));
  EXPECT_OK(env.process().BecomePermanently(kNobody));
  EXPECT_ERRNO(co_await TryListen(env, AddressOf(kLoopbackV4, 1021)), EACCES);
  EXPECT_ERRNO(co_await TryListen(env, AddressOf(kLoopbackV6, 1)), EACCES);
  EXPECT_ERRNO(co_await TryListen(env, AddressOf("0.0.0.0", 1023)), EACCES);
  EXPECT_OK(co_await TryListen(env, AddressOf(kLoopbackV4, 0)));
  co_return 0;
}

CONTRACT_TEST(NetworkChildContract, Listen_WhetherThePortOrTheAddressIsLookedAtFirst) {
  EXPECT_OK(env.process().BecomePermanently(kNobody));
  EXPECT_ERRNO(co_await TryListen(env, AddressOf("203.0.113.77", 25)), EADDRNOTAVAIL);
  EXPECT_ERRNO(co_await TryListen(env, AddressOf("2001:db8:77::1", 25)), EACCES);
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Accept_InOrder) {
  CO_LISTEN(listener, AddressOf(kLoopbackV4));
  std::vector<std::unique_ptr<Connection>> clients;
  for (int i = 0; i < 8; ++i) {
    CO_CONNECT(client, listener->local());
    clients.push_back(std::move(client));
  }
  for (const auto& client : clients) {
    CO_ACCEPT(server, listener);
    EXPECT_EQ(server->peer(), client->local());
  }
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Accept_DeadlineTakesNothing) {
  CO_LISTEN(listener, AddressOf(kLoopbackV4));
  const absl::Status status = (co_await WithDeadline(Soon(env), listener->Accept())).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  CO_CONNECT(client, listener->local());
  CO_ACCEPT(server, listener);
  EXPECT_EQ(server->peer(), client->local());
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Accept_OfAConnectionThatWasReset) {
  CO_LISTEN(listener, AddressOf(kLoopbackV4));
  CO_CONNECT(client, listener->local());
  const SocketAddress peer = client->local();
  client->Reset();
  EXPECT_OK(co_await Sleep(kSettle));
  CO_ACCEPT(server, listener);
  EXPECT_EQ(server->peer(), peer);
  EXPECT_ERRNO(co_await TryRead(*server), ECONNRESET);
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Accept_OfAConnectionThatWasClosed) {
  CO_LISTEN(listener, AddressOf(kLoopbackV4));
  CO_CONNECT(client, listener->local());
  EXPECT_OK(co_await WriteAll(*client, "gone"));
  client.reset();
  EXPECT_OK(co_await Sleep(kSettle));
  CO_ACCEPT(server, listener);
  CO_REQUIRE_ASSIGN(const std::string text, co_await ReadAll(*server));
  EXPECT_EQ(text, "gone");
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listener_DestroyedResetsWhoWaits) {
  CO_LISTEN(listener, AddressOf(kLoopbackV4));
  CO_CONNECT(client, listener->local());
  listener.reset();
  EXPECT_ERRNO(co_await TryRead(*client), ECONNRESET);
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Listener_DestroyedKeepsWhatWasAccepted) {
  CO_REQUIRE_ASSIGN(Pair pair, co_await MakePair(env));
  pair.listener.reset();
  EXPECT_OK(co_await WriteAll(*pair.client, "still here"));
  CO_REQUIRE_ASSIGN(const std::string text, co_await ReadSettled(*pair.server));
  EXPECT_EQ(text, "still here");
  co_return 0;
}

// One more than the backlog is let in; who comes after that waits.
CONTRACT_TEST(NetworkContract, Backlog_OneMoreThanAsked) {
  for (const int backlog : {0, 1, 3}) {
    CO_LISTEN(listener, AddressOf(kLoopbackV4), true, backlog);
    std::vector<std::unique_ptr<Connection>> clients;
    for (int i = 0; i <= backlog; ++i) {
      CO_CONNECT(client, listener->local());
      clients.push_back(std::move(client));
    }
    const absl::Status late = co_await TryConnectBriefly(env, listener->local());
    EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << backlog << ": " << late;
  }
  co_return 0;
}

// A request that found no room is sent again after a second.
CONTRACT_TEST(NetworkContract, Backlog_WaitsUntilThereIsRoom) {
  CO_LISTEN(listener, AddressOf(kLoopbackV4), true, 0);
  CO_CONNECT(first, listener->local());
  const MonotonicTime before = env.clock().MonotonicNow();
  TaskScope scope(co_await CurrentContext(), "late", TaskScope::Policy::kFirstError, 1);
  EXPECT_OK(scope.Spawn(&TryConnect, std::ref(env), listener->local()));
  EXPECT_OK(co_await Sleep(kSettle));
  CO_ACCEPT(server, listener);
  EXPECT_OK(co_await scope.Join());
  const absl::Duration took = env.clock().MonotonicNow() - before;
  EXPECT_GE(took, absl::Milliseconds(900));
  EXPECT_LE(took, absl::Milliseconds(2500));
  co_return 0;
}

CONTRACT_TEST(NetworkContract, Connect_GivenUpLeavesNothing) {
  CO_LISTEN(listener, AddressOf(kLoopbackV4), true, 0);
  CO_CONNECT(first, listener->local());
  const absl::Status late = co_await TryConnectBriefly(env, listener->local());
  EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;
  CO_ACCEPT(server, listener);
  const MonotonicTime later = Soon(env, absl::Milliseconds(1500));
  const absl::Status none = (co_await WithDeadline(later, listener->Accept())).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(none)) << none;
  co_return 0;
}

INSTANTIATE_CONTRACT(NetworkContract);
INSTANTIATE_CONTRACT(NetworkChildContract);

}  // namespace
}  // namespace stagepost
