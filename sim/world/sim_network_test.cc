// How connections come about, or do not, in the simulated network.
#include "sim/world/sim_network.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "sim/world/network_test_programs.h"
#include "sim/world/world_test_util.h"

namespace stagepost {
namespace {

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
  EXPECT_EQ(Listens({{.address = On("::"), .v6_only = false}, {.address = On("0.0.0.0")}}),
            (std::vector<int>{0, taken}));
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

TEST(SimNetwork, WithoutAGatewayAHostIsAlone) {
  TestWorld test;
  HostSpec spec;
  spec.name = "alone";
  spec.addresses = {Ip("192.0.2.4")};
  spec.hidden_addresses = {Ip("192.0.2.5")};
  spec.has_gateway = false;
  SimHost& host = test.world.AddHost(std::move(spec));
  EXPECT_EQ(ConnectCode(test, host, "192.0.2.1"), Code(Errno::kENETUNREACH));
  EXPECT_EQ(ConnectCode(test, host, "192.0.2.4"), Code(Errno::kECONNREFUSED));
  EXPECT_EQ(ConnectCode(test, host, "192.0.2.5"), Code(Errno::kECONNREFUSED));
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
