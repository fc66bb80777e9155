#include "mta/posix/network.h"

#include "mta/posix/posix_test_util.h"

namespace stagepost {
namespace {

class NetworkTest : public PosixTest {};

SocketAddress Loopback(uint16_t port = 0) { return {*IpAddress::Parse("127.0.0.1"), port}; }

// Two ends of one connection over loopback.
struct Pair {
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Connection> client;
  std::unique_ptr<Connection> server;
};

Task<absl::StatusOr<Pair>> MakePair(Environment& env, std::string address) {
  const SocketAddress any = {*IpAddress::Parse(address), 0};
  Pair pair;
  CO_ASSIGN_OR_RETURN(pair.listener, env.network().Listen({.address = any}));
  CO_ASSIGN_OR_RETURN(pair.client,
                      co_await env.network().Connect(pair.listener->local(), std::nullopt));
  CO_ASSIGN_OR_RETURN(pair.server, co_await pair.listener->Accept());
  co_return pair;
}

POSIX_TEST(NetworkTest, Connect_KnowsBothEnds) {
  for (const char* address : {"127.0.0.1", "::1"}) {
    CO_REQUIRE_ASSIGN(Pair pair, co_await MakePair(env, address));
    EXPECT_EQ(pair.client->peer(), pair.listener->local());
    EXPECT_EQ(pair.server->local(), pair.listener->local());
    EXPECT_EQ(pair.server->peer(), pair.client->local());
    EXPECT_EQ(pair.client->local().address.ToString(), address);
    EXPECT_NE(pair.client->local().port, 0);
  }
  co_return 0;
}

POSIX_TEST(NetworkTest, Connect_FromAddress) {
  CO_REQUIRE_ASSIGN(std::unique_ptr<Listener> listener,
                    env.network().Listen({.address = Loopback()}));
  const std::optional<IpAddress> from = IpAddress::Parse("127.0.0.9");
  CO_REQUIRE_ASSIGN(std::unique_ptr<Connection> client,
                    co_await env.network().Connect(listener->local(), from));
  EXPECT_EQ(client->local().address, *from);
  const std::optional<IpAddress> foreign = IpAddress::Parse("192.0.2.1");
  EXPECT_ERRNO((co_await env.network().Connect(listener->local(), foreign)).status(),
               EADDRNOTAVAIL);
  co_return 0;
}

POSIX_TEST(NetworkTest, Connect_ECONNREFUSED) {
  uint16_t port;
  {
    CO_REQUIRE_ASSIGN(std::unique_ptr<Listener> listener,
                      env.network().Listen({.address = Loopback()}));
    port = listener->local().port;
  }
  absl::Status status = (co_await env.network().Connect(Loopback(port), std::nullopt)).status();
  EXPECT_ERRNO(status, ECONNREFUSED);
  EXPECT_EQ(status.message(), absl::StrCat("connect 127.0.0.1:", port, ": Connection refused"));
  co_return 0;
}

POSIX_TEST(NetworkTest, Listen_EADDRINUSE) {
  CO_REQUIRE_ASSIGN(std::unique_ptr<Listener> first, env.network().Listen({.address = Loopback()}));
  EXPECT_ERRNO(env.network().Listen({.address = first->local()}).status(), EADDRINUSE);
  co_return 0;
}

POSIX_TEST(NetworkTest, Listen_EADDRNOTAVAIL) {
  const SocketAddress foreign = {*IpAddress::Parse("192.0.2.1"), 0};
  EXPECT_ERRNO(env.network().Listen({.address = foreign}).status(), EADDRNOTAVAIL);
  co_return 0;
}

POSIX_TEST(NetworkTest, Accept_Cancelled) {
  CO_REQUIRE_ASSIGN(std::unique_ptr<Listener> listener,
                    env.network().Listen({.address = Loopback()}));
  const MonotonicTime deadline = env.clock().MonotonicNow() + absl::Milliseconds(10);
  absl::Status status = (co_await WithDeadline(deadline, listener->Accept())).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  CO_REQUIRE_ASSIGN(std::unique_ptr<Connection> client,
                    co_await env.network().Connect(listener->local(), std::nullopt));
  CO_REQUIRE_ASSIGN(std::unique_ptr<Connection> server, co_await listener->Accept());
  EXPECT_EQ(server->peer(), client->local());
  co_return 0;
}

POSIX_TEST(NetworkTest, Read_CancelledLosesNothing) {
  CO_REQUIRE_ASSIGN(Pair pair, co_await MakePair(env, "127.0.0.1"));
  char buffer[10];
  const MonotonicTime deadline = env.clock().MonotonicNow() + absl::Milliseconds(10);
  absl::Status status =
      (co_await WithDeadline(deadline, pair.server->Read(absl::MakeSpan(buffer)))).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  EXPECT_OK(co_await WriteAll(*pair.client, "hello"));
  CO_REQUIRE_ASSIGN(const size_t got, co_await pair.server->Read(absl::MakeSpan(buffer)));
  EXPECT_EQ(absl::string_view(buffer, got), "hello");
  co_return 0;
}

POSIX_TEST(NetworkTest, ShutdownWrite_HalfCloses) {
  CO_REQUIRE_ASSIGN(Pair pair, co_await MakePair(env, "127.0.0.1"));
  EXPECT_OK(co_await WriteAll(*pair.client, "question"));
  EXPECT_OK(pair.client->ShutdownWrite());
  CO_REQUIRE_ASSIGN(std::string text, co_await ReadAll(*pair.server));
  EXPECT_EQ(text, "question");
  EXPECT_OK(co_await WriteAll(*pair.server, "answer"));
  pair.server.reset();
  CO_REQUIRE_ASSIGN(text, co_await ReadAll(*pair.client));
  EXPECT_EQ(text, "answer");
  co_return 0;
}

POSIX_TEST(NetworkTest, Reset_ECONNRESET) {
  CO_REQUIRE_ASSIGN(Pair pair, co_await MakePair(env, "127.0.0.1"));
  pair.client->Reset();
  char buffer[10];
  absl::Status status = (co_await pair.server->Read(absl::MakeSpan(buffer))).status();
  EXPECT_ERRNO(status, ECONNRESET);
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_ERRNO((co_await pair.client->Read(absl::MakeSpan(buffer))).status(), ECONNRESET);
  co_return 0;
}

POSIX_TEST(NetworkTest, Write_EPIPE) {
  CO_REQUIRE_ASSIGN(Pair pair, co_await MakePair(env, "127.0.0.1"));
  pair.server.reset();
  absl::Status status;
  while (status.ok()) status = co_await WriteAll(*pair.client, "anybody?");
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  co_return 0;
}

// The last reply arrives although input was left unread.
POSIX_TEST(NetworkTest, Destroy_DeliversWhatWasWritten) {
  CO_REQUIRE_ASSIGN(Pair pair, co_await MakePair(env, "127.0.0.1"));
  EXPECT_OK(co_await WriteAll(*pair.client, std::string(5000, 'x')));
  EXPECT_OK(co_await Sleep(absl::Milliseconds(5)));
  EXPECT_OK(co_await WriteAll(*pair.server, "421 goodbye\r\n"));
  pair.server.reset();
  CO_REQUIRE_ASSIGN(const std::string text, co_await ReadAll(*pair.client));
  EXPECT_EQ(text, "421 goodbye\r\n");
  co_return 0;
}

Task<absl::Status> SendMuch(Connection& connection, size_t size) {
  CO_RETURN_IF_ERROR(co_await WriteAll(connection, std::string(size, 'm')));
  co_return connection.ShutdownWrite();
}

POSIX_TEST(NetworkTest, Write_WaitsForASlowReader) {
  constexpr size_t kSize = 20'000'000;
  CO_REQUIRE_ASSIGN(Pair pair, co_await MakePair(env, "127.0.0.1"));
  TaskScope scope(co_await CurrentContext(), "send", TaskScope::Policy::kFirstError, 1);
  EXPECT_OK(scope.Spawn(&SendMuch, std::ref(*pair.client), kSize));
  EXPECT_OK(co_await Sleep(absl::Milliseconds(10)));
  CO_REQUIRE_ASSIGN(const std::string text, co_await ReadAll(*pair.server));
  EXPECT_EQ(text.size(), kSize);
  EXPECT_OK(co_await scope.Join());
  co_return 0;
}

Task<absl::Status> Echo(std::unique_ptr<Connection> connection) {
  CO_ASSIGN_OR_RETURN(const std::string text, co_await ReadAll(*connection));
  co_return co_await WriteAll(*connection, text);
}

Task<absl::Status> Serve(Listener& listener, int count) {
  TaskScope scope(co_await CurrentContext(), "sessions", TaskScope::Policy::kSupervise, 1000);
  for (int i = 0; i < count; ++i) {
    CO_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, co_await listener.Accept());
    if (absl::Status s = scope.Spawn(&Echo, std::move(connection)); !s.ok()) co_return s;
  }
  co_return co_await scope.Join();
}

Task<absl::Status> Ask(Environment& env, SocketAddress to, int number, int& answered) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                      co_await env.network().Connect(to, std::nullopt));
  const std::string question = absl::StrCat("question ", number);
  CO_RETURN_IF_ERROR(co_await WriteAll(*connection, question));
  CO_RETURN_IF_ERROR(connection->ShutdownWrite());
  CO_ASSIGN_OR_RETURN(const std::string answer, co_await ReadAll(*connection));
  answered += answer == question;
  co_return absl::OkStatus();
}

POSIX_TEST(NetworkTest, ManyConnections) {
  constexpr int kClients = 300;
  CO_REQUIRE_ASSIGN(std::unique_ptr<Listener> listener,
                    env.network().Listen({.address = Loopback(), .backlog = 1000}));
  int answered = 0;
  TaskScope scope(co_await CurrentContext(), "all", TaskScope::Policy::kFirstError, kClients + 1);
  EXPECT_OK(scope.Spawn(&Serve, std::ref(*listener), kClients));
  for (int i = 0; i < kClients; ++i) {
    EXPECT_OK(scope.Spawn(&Ask, std::ref(env), listener->local(), i, std::ref(answered)));
  }
  EXPECT_OK(co_await scope.Join());
  EXPECT_EQ(answered, kClients);
  co_return 0;
}

}  // namespace
}  // namespace stagepost
