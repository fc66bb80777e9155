// The simulated network, as programs on two hosts see it.
#include "sim/world/sim_network.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "sim/world/world_test_util.h"

namespace stagepost {
namespace {

constexpr uint16_t kPort = 7;

SocketAddress On(absl::string_view address, uint16_t port = kPort) { return {Ip(address), port}; }

// Reads to the end of the stream, or to an error.
Task<absl::Status> ReadAll(ByteSource& source, std::string& into) {
  while (true) {
    std::array<char, 1500> buffer;
    CO_ASSIGN_OR_RETURN(const size_t n, co_await source.Read(absl::MakeSpan(buffer)));
    if (n == 0) co_return absl::OkStatus();
    into.append(buffer.data(), n);
  }
}

// Exit code 0, or the Errno of what went wrong.
int CodeOf(const absl::Status& status) {
  if (status.ok()) return 0;
  const Errno error = ErrnoOf(status);
  return error == Errno::kOk ? -1 : static_cast<int>(error);
}
constexpr int Code(Errno error) { return static_cast<int>(error); }

// Sends back what it gets, on one connection after the other.
Task<int> EchoServer(Environment& env, SocketAddress address) {
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

Task<absl::Status> SendAndShut(Connection& connection, const std::string& text) {
  CO_RETURN_IF_ERROR(co_await WriteAll(connection, text));
  co_return connection.ShutdownWrite();
}

Task<absl::Status> Exchange(TaskScope& scope, Connection& connection, const std::string& text,
                            std::string& reply) {
  CO_RETURN_IF_ERROR(scope.Spawn(&SendAndShut, std::ref(connection), std::cref(text)));
  co_return co_await ReadAll(connection, reply);
}

// Sends `text` and reads at the same time, until the server closes.
Task<int> EchoClient(Environment& env, SocketAddress to, std::string text, std::string& reply) {
  auto connection = co_await env.network().Connect(to, std::nullopt);
  if (!connection.ok()) co_return CodeOf(connection.status());
  co_return CodeOf(co_await WithScope("exchange", TaskScope::Policy::kFirstError, 2, &Exchange,
                                      std::ref(**connection), std::cref(text), std::ref(reply)));
}

std::string Pattern(size_t size) {
  std::string text;
  for (size_t i = 0; text.size() < size; ++i) absl::StrAppend(&text, i, " ");
  text.resize(size);
  return text;
}

TEST(SimNetwork, BytesArriveWholeAndInOrder) {
  const std::string text = Pattern(300'000);
  for (uint64_t seed = 0; seed < 40; ++seed) {
    TestWorld test(seed);
    test.Run(test.a, &EchoServer, On("0.0.0.0"));
    std::string reply;
    const TestProgram& client =
        test.Run(test.b, &EchoClient, On("192.0.2.1"), text, std::ref(reply));
    // The client may come first.
    ASSERT_TRUE(test.RunToEnd(client));
    if (client.exit->code == Code(Errno::kECONNREFUSED)) continue;
    ASSERT_EQ(client.exit->code, 0) << seed;
    ASSERT_TRUE(reply == text) << seed;
    test.RunFor(absl::Minutes(1));
    EXPECT_EQ(test.world.fabric().connections(), 0u);
  }
}

// Starts a server and gives it time to listen.
TestProgram& Serve(TestWorld& test, absl::string_view address) {
  TestProgram& server = test.Run(test.a, &EchoServer, On(address));
  test.RunFor(absl::Seconds(1));
  return server;
}

int ConnectCode(TestWorld& test, SimHost& host, absl::string_view to) {
  std::string reply;
  const TestProgram& client = test.Run(host, &EchoClient, On(to), "hello", std::ref(reply));
  EXPECT_TRUE(test.RunToEnd(client));
  if (client.exit->code == 0) EXPECT_EQ(reply, "hello");
  return client.exit->code;
}

TEST(SimNetwork, WhatAListenerCanBeReachedBy) {
  const int refused = Code(Errno::kECONNREFUSED);
  {
    TestWorld test;
    Serve(test, "0.0.0.0");
    EXPECT_EQ(ConnectCode(test, test.b, "192.0.2.1"), 0);
    EXPECT_EQ(ConnectCode(test, test.a, "192.0.2.1"), 0);
    EXPECT_EQ(ConnectCode(test, test.a, "127.0.0.1"), 0);
    EXPECT_EQ(ConnectCode(test, test.a, "0.0.0.0"), 0);
    EXPECT_EQ(ConnectCode(test, test.b, "2001:db8::1"), refused);
    EXPECT_EQ(ConnectCode(test, test.b, "127.0.0.1"), refused);
  }
  {
    TestWorld test;
    Serve(test, "::");
    EXPECT_EQ(ConnectCode(test, test.b, "2001:db8::1"), 0);
    EXPECT_EQ(ConnectCode(test, test.a, "::1"), 0);
    EXPECT_EQ(ConnectCode(test, test.b, "192.0.2.1"), refused);
  }
  {
    TestWorld test;
    Serve(test, "127.0.0.1");
    EXPECT_EQ(ConnectCode(test, test.a, "127.0.0.1"), 0);
    EXPECT_EQ(ConnectCode(test, test.b, "192.0.2.1"), refused);
    EXPECT_EQ(ConnectCode(test, test.a, "127.0.0.2"), refused);
  }
}

Task<int> ListenCodes(Environment& env, std::vector<ListenOptions> options,
                      std::vector<int>& codes) {
  std::vector<std::unique_ptr<Listener>> open;
  for (const ListenOptions& each : options) {
    auto listener = env.network().Listen(each);
    codes.push_back(CodeOf(listener.status()));
    if (listener.ok()) open.push_back(*std::move(listener));
  }
  co_return 0;
}

std::vector<int> Listens(std::vector<ListenOptions> options, Credentials who = {}) {
  TestWorld test;
  std::vector<int> codes;
  EXPECT_TRUE(test.RunToEnd(
      test.RunAs(std::move(who), test.a, &ListenCodes, std::move(options), std::ref(codes))));
  EXPECT_TRUE(test.a.node().listeners.empty()) << "a dead process listens";
  return codes;
}

TEST(SimNetwork, BindingRefusesWhatLinuxRefuses) {
  const int taken = Code(Errno::kEADDRINUSE), strange = Code(Errno::kEADDRNOTAVAIL);
  EXPECT_EQ(Listens({{.address = On("0.0.0.0")}, {.address = On("127.0.0.1")}}),
            (std::vector<int>{0, taken}));
  EXPECT_EQ(Listens({{.address = On("127.0.0.1")}, {.address = On("0.0.0.0")}}),
            (std::vector<int>{0, taken}));
  EXPECT_EQ(Listens({{.address = On("127.0.0.1")}, {.address = On("192.0.2.1")}}),
            (std::vector<int>{0, 0}));
  EXPECT_EQ(Listens({{.address = On("0.0.0.0")}, {.address = On("::")}}), (std::vector<int>{0, 0}));
  EXPECT_EQ(Listens({{.address = On("192.0.2.2")}}), (std::vector<int>{strange}));
  EXPECT_EQ(Listens({{.address = On("0.0.0.0", 0)}, {.address = On("0.0.0.0", 0)}}),
            (std::vector<int>{0, 0}));
  EXPECT_EQ(Listens({{.address = On("::"), .v6_only = false}}),
            (std::vector<int>{Code(Errno::kEOPNOTSUPP)}));
  Credentials user;
  user.real_user = user.effective_user = user.saved_user = UserId{1000};
  EXPECT_EQ(Listens({{.address = On("0.0.0.0", 25)}, {.address = On("0.0.0.0", 1024)}}, user),
            (std::vector<int>{Code(Errno::kEACCES), 0}));
}

Task<int> ConnectFrom(Environment& env, SocketAddress to, std::optional<IpAddress> from,
                      std::string& local) {
  auto connection = co_await env.network().Connect(to, from);
  if (connection.ok()) local = (*connection)->local().address.ToString();
  co_return CodeOf(connection.status());
}

TEST(SimNetwork, WhereAConnectionComesFrom) {
  TestWorld test;
  Serve(test, "0.0.0.0");
  const auto from = [&](SimHost& host, absl::string_view to, std::optional<IpAddress> address) {
    std::string local;
    const TestProgram& client = test.Run(host, &ConnectFrom, On(to), address, std::ref(local));
    EXPECT_TRUE(test.RunToEnd(client));
    return client.exit->code == 0 ? local : absl::StrCat(client.exit->code);
  };
  EXPECT_EQ(from(test.b, "192.0.2.1", std::nullopt), "192.0.2.2");
  EXPECT_EQ(from(test.b, "192.0.2.1", Ip("192.0.2.2")), "192.0.2.2");
  EXPECT_EQ(from(test.a, "127.0.0.1", std::nullopt), "127.0.0.1");
  EXPECT_EQ(from(test.a, "192.0.2.1", std::nullopt), "192.0.2.1");
  EXPECT_EQ(from(test.a, "127.0.0.1", Ip("192.0.2.1")), "192.0.2.1");
  EXPECT_EQ(from(test.b, "192.0.2.1", Ip("192.0.2.9")), absl::StrCat(Code(Errno::kEADDRNOTAVAIL)));
  EXPECT_EQ(from(test.b, "192.0.2.1", Ip("127.0.0.1")), absl::StrCat(Code(Errno::kEINVAL)));
  EXPECT_EQ(from(test.b, "192.0.2.1", Ip("2001:db8::2")), absl::StrCat(Code(Errno::kEINVAL)));
}

TEST(SimNetwork, NoAddressOfThatFamily) {
  TestWorld test;
  HostSpec spec;
  spec.name = "v4";
  spec.addresses = {Ip("192.0.2.4")};
  SimHost& host = test.world.AddHost(std::move(spec));
  EXPECT_EQ(ConnectCode(test, host, "2001:db8::1"), Code(Errno::kENETUNREACH));
}

TEST(SimNetwork, ABlackHoleTimesOutAfterTwoMinutes) {
  TestWorld test;
  EXPECT_EQ(ConnectCode(test, test.b, "198.51.100.1"), Code(Errno::kETIMEDOUT));
  // 1, 2, 4, 8, 16, 32 and 60 seconds.
  EXPECT_GE(test.elapsed(), absl::Seconds(123));
  EXPECT_LT(test.elapsed(), absl::Seconds(124));
}

TEST(SimNetwork, ADeadlineEndsAConnectionAttempt) {
  TestWorld test;
  const auto attempt = [](Environment& env) -> Task<int> {
    const auto connection =
        co_await WithDeadline(env.clock().MonotonicNow() + absl::Seconds(5),
                              env.network().Connect({Ip("198.51.100.1"), kPort}, std::nullopt));
    co_return absl::IsDeadlineExceeded(connection.status()) ? 0 : 1;
  };
  const TestProgram& client = test.Run(test.b, attempt);
  ASSERT_TRUE(test.RunToEnd(client));
  EXPECT_EQ(client.exit->code, 0);
  EXPECT_EQ(test.elapsed(), absl::Seconds(5));
}

TEST(SimNetwork, APartitionThatHealsOnlyDelays) {
  for (const bool forth : {true, false}) {
    TestWorld test;
    Serve(test, "0.0.0.0");
    const NetNode& from = forth ? test.b.node() : test.a.node();
    const NetNode& to = forth ? test.a.node() : test.b.node();
    test.world.fabric().SetBlocked(from, to, true);
    test.world.After(absl::Seconds(20), [&] { test.world.fabric().SetBlocked(from, to, false); });
    EXPECT_EQ(ConnectCode(test, test.b, "192.0.2.1"), 0);
    EXPECT_GT(test.elapsed(), absl::Seconds(20));
    EXPECT_LT(test.elapsed(), absl::Seconds(60));
  }
}

TEST(SimNetwork, EveryCutMustHeal) {
  TestWorld test;
  SimFabric& fabric = test.world.fabric();
  const NetNode &a = test.a.node(), &b = test.b.node();
  fabric.SetBlocked(a, b, true);
  fabric.SetBlocked(a, b, true);
  fabric.SetBlocked(a, b, false);
  EXPECT_TRUE(fabric.Blocked(a, b));
  EXPECT_FALSE(fabric.Blocked(b, a));
  fabric.SetBlocked(a, b, false);
  EXPECT_FALSE(fabric.Blocked(a, b));
  fabric.SetBlocked(a, b, false);
  EXPECT_FALSE(fabric.Blocked(a, b));
}

// Sends `text`, then reads for ever and keeps count.
Task<int> SendThenRead(Environment& env, SocketAddress to, std::string text, std::string& reply) {
  auto connection = co_await env.network().Connect(to, std::nullopt);
  if (!connection.ok()) co_return CodeOf(connection.status());
  if (const absl::Status sent = co_await WriteAll(**connection, text); !sent.ok()) {
    co_return CodeOf(sent);
  }
  co_return CodeOf(co_await ReadAll(**connection, reply));
}

TEST(SimNetwork, WithNothingUnderWayAPartitionIsSilence) {
  TestWorld test;
  Serve(test, "0.0.0.0");
  std::string reply;
  const TestProgram& client =
      test.Run(test.b, &SendThenRead, On("192.0.2.1"), "hello", std::ref(reply));
  test.world.RunUntil([&] { return reply == "hello"; }, test.world.now() + absl::Minutes(1));
  ASSERT_EQ(reply, "hello");
  test.world.fabric().SetBlocked(test.a.node(), test.b.node(), true);
  test.world.fabric().SetBlocked(test.b.node(), test.a.node(), true);
  test.RunFor(absl::Hours(24));
  EXPECT_FALSE(client.exit.has_value());
}

Task<int> Chatter(Environment& env, SocketAddress to) {
  auto connection = co_await env.network().Connect(to, std::nullopt);
  if (!connection.ok()) co_return CodeOf(connection.status());
  while (true) {
    std::array<char, 10> buffer;
    if (const auto sent = co_await WriteAll(**connection, "x"); !sent.ok()) co_return CodeOf(sent);
    const auto n = co_await (*connection)->Read(absl::MakeSpan(buffer));
    if (!n.ok()) co_return CodeOf(n.status());
    if (*n == 0) co_return 0;
    (void)co_await Sleep(absl::Milliseconds(100));
  }
}

TEST(SimNetwork, UnansweredDataTimesOutAfterAQuarterOfAnHour) {
  TestWorld test;
  Serve(test, "0.0.0.0");
  const TestProgram& client = test.Run(test.b, &Chatter, On("192.0.2.1"));
  test.RunFor(absl::Seconds(10));
  ASSERT_FALSE(client.exit.has_value());
  test.world.fabric().SetBlocked(test.b.node(), test.a.node(), true);
  const MonotonicTime cut = test.world.now();
  ASSERT_TRUE(test.RunToEnd(client));
  EXPECT_EQ(client.exit->code, Code(Errno::kETIMEDOUT));
  EXPECT_GT(test.world.now() - cut, absl::Minutes(14));
  EXPECT_LT(test.world.now() - cut, absl::Minutes(16));
}

TEST(SimNetwork, AKilledServerEndsTheConversation) {
  TestWorld test;
  const TestProgram& server = Serve(test, "0.0.0.0");
  const TestProgram& client = test.Run(test.b, &Chatter, On("192.0.2.1"));
  test.RunFor(absl::Seconds(10));
  test.Kill(test.a, server);
  ASSERT_TRUE(test.RunToEnd(client, absl::Seconds(1)));
  // End of stream, or a reset when something was under way.
  EXPECT_TRUE(client.exit->code == 0 || client.exit->code == Code(Errno::kECONNRESET) ||
              client.exit->code == Code(Errno::kEPIPE))
      << client.exit->code;
  EXPECT_EQ(ConnectCode(test, test.b, "192.0.2.1"), Code(Errno::kECONNREFUSED));
  test.RunFor(absl::Seconds(1));
  EXPECT_EQ(test.world.fabric().connections(), 0u);
}

TEST(SimNetwork, ACrashedServerSaysNothingThenResets) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    TestWorld test(seed);
    Serve(test, "0.0.0.0");
    const TestProgram& client = test.Run(test.b, &Chatter, On("192.0.2.1"));
    test.RunFor(absl::Seconds(10));
    test.a.Crash();
    test.RunFor(absl::Minutes(5));
    EXPECT_FALSE(client.exit.has_value());
    test.a.Boot();
    test.RunFor(absl::Minutes(2));
    if (client.exit.has_value()) {
      EXPECT_EQ(client.exit->code, Code(Errno::kECONNRESET));
      EXPECT_EQ(test.world.fabric().connections(), 0u);
    } else {
      // It waits for a reply to what had been delivered: half open, until it has a deadline.
      EXPECT_EQ(test.world.fabric().connections(), 1u);
    }
  }
}

TEST(SimNetwork, ACrashedServerThatStaysDownTimesOut) {
  TestWorld test;
  Serve(test, "0.0.0.0");
  std::string reply;
  // More than a window: there is always something under way.
  const TestProgram& client =
      test.Run(test.b, &SendThenRead, On("192.0.2.1"), Pattern(1 << 20), std::ref(reply));
  test.world.RunUntil([&] { return test.world.fabric().connections() > 0; },
                      test.world.now() + absl::Minutes(1));
  test.a.Crash();
  ASSERT_TRUE(test.RunToEnd(client));
  EXPECT_EQ(client.exit->code, Code(Errno::kETIMEDOUT));
}

// Accepts one connection, does not read, and keeps it for an hour.
Task<int> Deaf(Environment& env, SocketAddress address) {
  auto listener = env.network().Listen({.address = address});
  if (!listener.ok()) co_return CodeOf(listener.status());
  auto connection = co_await (*listener)->Accept();
  (void)co_await Sleep(absl::Hours(1));
  co_return 0;
}

Task<int> Flood(Environment& env, SocketAddress to, size_t& sent) {
  auto connection = co_await env.network().Connect(to, std::nullopt);
  if (!connection.ok()) co_return CodeOf(connection.status());
  const std::string text = Pattern(10'000);
  while (true) {
    const auto n = co_await (*connection)->Write(text);
    if (!n.ok()) co_return CodeOf(n.status());
    sent += *n;
  }
}

TEST(SimNetwork, BackPressure) {
  TestWorld test;
  const TestProgram& deaf = test.Run(test.a, &Deaf, On("0.0.0.0"));
  test.RunFor(absl::Seconds(1));
  size_t sent = 0;
  const TestProgram& client = test.Run(test.b, &Flood, On("192.0.2.1"), std::ref(sent));
  test.RunFor(absl::Minutes(30));
  EXPECT_EQ(sent, 65536u);
  EXPECT_FALSE(client.exit.has_value());
  // It closes with unread data: a reset.
  ASSERT_TRUE(test.RunToEnd(deaf));
  ASSERT_TRUE(test.RunToEnd(client, absl::Seconds(5)));
  EXPECT_EQ(client.exit->code, Code(Errno::kECONNRESET));
}

TEST(SimNetwork, ACrashWakesWhoWaitsToWrite) {
  TestWorld test;
  test.Run(test.a, &Deaf, On("0.0.0.0"));
  test.RunFor(absl::Seconds(1));
  size_t sent = 0;
  const TestProgram& client = test.Run(test.b, &Flood, On("192.0.2.1"), std::ref(sent));
  test.RunFor(absl::Minutes(5));
  test.a.Crash();
  ASSERT_TRUE(test.RunToEnd(client));
  EXPECT_EQ(client.exit->code, Code(Errno::kETIMEDOUT));
}

// Reads `bytes` bytes, replies, and closes.
Task<int> ReplyThenClose(Environment& env, SocketAddress address, size_t bytes, std::string reply,
                         bool reset) {
  auto listener = env.network().Listen({.address = address});
  if (!listener.ok()) co_return CodeOf(listener.status());
  auto connection = co_await (*listener)->Accept();
  if (!connection.ok()) co_return CodeOf(connection.status());
  std::string got;
  while (got.size() < bytes) {
    std::array<char, 1> buffer;
    const auto n = co_await (*connection)->Read(absl::MakeSpan(buffer));
    if (!n.ok()) co_return CodeOf(n.status());
    if (*n == 0) co_return -2;
    got.push_back(buffer[0]);
  }
  (void)co_await WriteAll(**connection, reply);
  (void)co_await Sleep(absl::Seconds(2));
  if (reset) (*connection)->Reset();
  co_return 0;
}

// Sends, waits longer than anything is under way, and reads.
Task<int> SendWaitRead(Environment& env, SocketAddress to, std::string text, std::string& reply) {
  auto connection = co_await env.network().Connect(to, std::nullopt);
  if (!connection.ok()) co_return CodeOf(connection.status());
  (void)co_await WriteAll(**connection, text);
  (void)co_await Sleep(absl::Seconds(10));
  co_return CodeOf(co_await ReadAll(**connection, reply));
}

TEST(SimNetwork, HowAConnectionIsClosedShowsAtThePeer) {
  struct Case {
    size_t read;
    bool reset;
    int code;
  };
  // With everything read: end of stream. With unread data, or by Reset(): a reset, behind what had
  // arrived.
  for (const Case& each : {Case{5, false, 0}, Case{3, false, Code(Errno::kECONNRESET)},
                           Case{5, true, Code(Errno::kECONNRESET)}}) {
    TestWorld test;
    test.Run(test.a, &ReplyThenClose, On("0.0.0.0"), each.read, "reply", each.reset);
    test.RunFor(absl::Seconds(1));
    std::string reply;
    const TestProgram& client =
        test.Run(test.b, &SendWaitRead, On("192.0.2.1"), "hello", std::ref(reply));
    ASSERT_TRUE(test.RunToEnd(client));
    EXPECT_EQ(client.exit->code, each.code);
    EXPECT_EQ(reply, "reply");
  }
}

Task<int> Connected(Environment& env, SocketAddress to, int& connected, absl::Duration hold) {
  auto connection = co_await env.network().Connect(to, std::nullopt);
  if (!connection.ok()) co_return CodeOf(connection.status());
  ++connected;
  std::array<char, 10> buffer;
  const auto n = co_await WithDeadline(env.clock().MonotonicNow() + hold,
                                       (*connection)->Read(absl::MakeSpan(buffer)));
  co_return CodeOf(n.status());
}

Task<int> ListenOnly(Environment& env, SocketAddress address, int backlog,
                     absl::Duration how_long) {
  auto listener = env.network().Listen({.address = address, .backlog = backlog});
  if (!listener.ok()) co_return CodeOf(listener.status());
  (void)co_await Sleep(how_long);
  co_return 0;
}

TEST(SimNetwork, ABacklogFillsAndItsClosingResets) {
  TestWorld test;
  test.Run(test.a, &ListenOnly, On("0.0.0.0"), 3, absl::Minutes(1));
  test.RunFor(absl::Seconds(1));
  int connected = 0;
  for (int i = 0; i < 10; ++i) {
    test.Run(test.b, &Connected, On("192.0.2.1"), std::ref(connected), absl::Minutes(30));
  }
  test.RunFor(absl::Seconds(50));
  EXPECT_EQ(connected, 4);  // the backlog, and one
  test.RunFor(absl::Minutes(5));
  int reset = 0, refused = 0;
  for (const TestProgram& program : test.programs) {
    if (!program.exit.has_value()) continue;
    reset += program.exit->code == Code(Errno::kECONNRESET);
    refused += program.exit->code == Code(Errno::kECONNREFUSED);
  }
  EXPECT_EQ(reset, 4);
  EXPECT_EQ(refused, 6);
  EXPECT_EQ(test.world.fabric().connections(), 0u);
}

Task<absl::Status> ReadSome(Connection& connection, absl::Status& result) {
  std::array<char, 10> buffer;
  result = (co_await connection.Read(absl::MakeSpan(buffer))).status();
  co_return absl::OkStatus();
}

Task<absl::Status> ResetUnder(TaskScope& scope, Connection& connection, absl::Status& result) {
  CO_RETURN_IF_ERROR(scope.Spawn(&ReadSome, std::ref(connection), std::ref(result)));
  (void)co_await Sleep(absl::Seconds(1));
  connection.Reset();
  co_return absl::OkStatus();
}

Task<int> ResetsItsOwnReader(Environment& env, SocketAddress to, absl::Status& result) {
  auto connection = co_await env.network().Connect(to, std::nullopt);
  if (!connection.ok()) co_return CodeOf(connection.status());
  co_return CodeOf(co_await WithScope("reset", TaskScope::Policy::kFirstError, 2, &ResetUnder,
                                      std::ref(**connection), std::ref(result)));
}

TEST(SimNetwork, AResetEndsAPendingRead) {
  TestWorld test;
  Serve(test, "0.0.0.0");
  absl::Status result;
  const TestProgram& client =
      test.Run(test.b, &ResetsItsOwnReader, On("192.0.2.1"), std::ref(result));
  ASSERT_TRUE(test.RunToEnd(client));
  EXPECT_EQ(ErrnoOf(result), Errno::kECONNRESET);
}

// Every port of the range is taken in turn; a listener's is not given to another.
TEST(SimNetwork, PortsGoRound) {
  NetNode node;
  EXPECT_EQ(node.TakePort(), 32768);
  for (int i = 0; i < 60999 - 32768; ++i) node.TakePort();
  EXPECT_EQ(node.TakePort(), 32768);
}

TEST(SimNetwork, RetransmissionBacksOff) {
  EXPECT_EQ(RetransmitAfter(1), absl::Seconds(1));
  EXPECT_EQ(RetransmitAfter(2), absl::Seconds(2));
  EXPECT_EQ(RetransmitAfter(6), absl::Seconds(32));
  EXPECT_EQ(RetransmitAfter(7), absl::Seconds(60));
  EXPECT_EQ(RetransmitAfter(kMaxTries), absl::Seconds(60));
}

}  // namespace
}  // namespace stagepost
