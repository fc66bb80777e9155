// What is sent over a simulated connection, and how it ends.
#include "sim/world/sim_connection.h"

#include <array>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "sim/world/network_test_programs.h"
#include "sim/world/world_test_util.h"

namespace stagepost {
namespace {

TEST(SimConnection, BytesArriveWholeAndInOrder) {
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

// Sends `text`, then reads for ever and keeps count.
Task<int> SendThenRead(Environment& env, SocketAddress to, std::string text, std::string& reply) {
  auto connection = co_await env.network().Connect(to, std::nullopt);
  if (!connection.ok()) co_return CodeOf(connection.status());
  if (const absl::Status sent = co_await WriteAll(**connection, text); !sent.ok()) {
    co_return CodeOf(sent);
  }
  co_return CodeOf(co_await ReadAll(**connection, reply));
}

TEST(SimConnection, WithNothingUnderWayAPartitionIsSilence) {
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

TEST(SimConnection, UnansweredDataTimesOutAfterAQuarterOfAnHour) {
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

TEST(SimConnection, AKilledServerEndsTheConversation) {
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

TEST(SimConnection, ACrashedServerSaysNothingThenResets) {
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

TEST(SimConnection, ACrashedServerThatStaysDownTimesOut) {
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

// Reads for an hour; then says something, and reads again.
Task<int> ListenThenTalk(Environment& env, SocketAddress to) {
  auto connection = co_await env.network().Connect(to, std::nullopt);
  if (!connection.ok()) co_return CodeOf(connection.status());
  std::array<char, 10> buffer;
  const MonotonicTime later = env.clock().MonotonicNow() + absl::Hours(1);
  const auto none = co_await WithDeadline(later, (*connection)->Read(absl::MakeSpan(buffer)));
  if (!absl::IsDeadlineExceeded(none.status())) co_return 1;
  (void)co_await WriteAll(**connection, "anybody?");
  co_return CodeOf((co_await (*connection)->Read(absl::MakeSpan(buffer))).status());
}

TEST(SimConnection, AForgottenConnectionIsHalfOpen) {
  TestWorld test;
  const TestProgram& deaf = test.Run(test.a, &Deaf, On("0.0.0.0"));
  test.RunFor(absl::Seconds(1));
  const TestProgram& client = test.Run(test.b, &ListenThenTalk, On("192.0.2.1"));
  test.RunFor(absl::Seconds(5));
  test.world.fabric().Forget(test.a.node(), test.b.node());
  // The server goes away: nobody hears of it.
  test.Kill(test.a, deaf);
  test.RunFor(absl::Minutes(50));
  EXPECT_FALSE(client.exit.has_value());
  ASSERT_TRUE(test.RunToEnd(client));
  EXPECT_EQ(client.exit->code, Code(Errno::kETIMEDOUT));
  // New connections are not concerned.
  EXPECT_EQ(ConnectCode(test, test.b, "192.0.2.1"), Code(Errno::kECONNREFUSED));
  test.RunFor(absl::Hours(1));
  EXPECT_EQ(test.world.fabric().connections(), 0u);
}

TEST(SimConnection, BackPressure) {
  TestWorld test;
  const TestProgram& deaf = test.Run(test.a, &Deaf, On("0.0.0.0"));
  test.RunFor(absl::Seconds(1));
  size_t sent = 0;
  const TestProgram& client = test.Run(test.b, &Flood, On("192.0.2.1"), std::ref(sent));
  test.RunFor(absl::Minutes(30));
  EXPECT_EQ(sent, 65536u);
  EXPECT_FALSE(client.exit.has_value());
  // It closes in order, and what is written after that meets a reset.
  ASSERT_TRUE(test.RunToEnd(deaf));
  ASSERT_TRUE(test.RunToEnd(client, absl::Seconds(5)));
  EXPECT_EQ(client.exit->code, Code(Errno::kEPIPE));
}

TEST(SimConnection, AProcessThatDiesWithUnreadDataResets) {
  TestWorld test;
  const TestProgram& deaf = test.Run(test.a, &Deaf, On("0.0.0.0"));
  test.RunFor(absl::Seconds(1));
  size_t sent = 0;
  const TestProgram& client = test.Run(test.b, &Flood, On("192.0.2.1"), std::ref(sent));
  test.RunFor(absl::Minutes(1));
  test.Kill(test.a, deaf);
  ASSERT_TRUE(test.RunToEnd(client, absl::Seconds(5)));
  EXPECT_EQ(client.exit->code, Code(Errno::kECONNRESET));
}

TEST(SimConnection, ACrashWakesWhoWaitsToWrite) {
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

TEST(SimConnection, HowAConnectionIsClosedShowsAtThePeer) {
  struct Case {
    size_t read;
    bool reset;
    int code;
  };
  // End of stream, even with unread data. By Reset(): a reset, behind what had arrived.
  for (const Case& each :
       {Case{5, false, 0}, Case{3, false, 0}, Case{5, true, Code(Errno::kECONNRESET)}}) {
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

TEST(SimConnection, AResetEndsAPendingRead) {
  TestWorld test;
  Serve(test, "0.0.0.0");
  absl::Status result;
  const TestProgram& client =
      test.Run(test.b, &ResetsItsOwnReader, On("192.0.2.1"), std::ref(result));
  ASSERT_TRUE(test.RunToEnd(client));
  EXPECT_EQ(ErrnoOf(result), Errno::kECONNRESET);
}

}  // namespace
}  // namespace stagepost
