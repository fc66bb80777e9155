#include "sim/world/link.h"

#include <array>
#include <string>

#include "gtest/gtest.h"
#include "sim/world/network_test_programs.h"

namespace stagepost {
namespace {

absl::Duration OneSecond(int) { return absl::Seconds(1); }

absl::Duration After(MonotonicTime t) { return t - MonotonicTime(); }

TEST(Link, TakesItsTimeForEachByte) {
  Link link({.bytes_per_second = 1000});
  EXPECT_EQ(After(link.Send(MonotonicTime(), 960, &OneSecond)), absl::Seconds(1));
  EXPECT_EQ(After(link.Send(MonotonicTime(), 460, &OneSecond)), absl::Milliseconds(1500));
  EXPECT_EQ(After(link.Send(MonotonicTime() + absl::Seconds(10), 0, &OneSecond)),
            absl::Seconds(10) + absl::Milliseconds(40));
}

TEST(Link, WhatFindsTheQueueFullIsSentAgain) {
  Link link({.bytes_per_second = 1000, .queue_bytes = 1500});
  EXPECT_EQ(After(link.Send(MonotonicTime(), 960, &OneSecond)), absl::Seconds(1));
  // 1000 and 1000 are more than 1500: a second later there is room.
  EXPECT_EQ(After(link.Send(MonotonicTime(), 960, &OneSecond)), absl::Seconds(2));
  // What is larger than the queue waits until it is empty.
  EXPECT_EQ(After(link.Send(MonotonicTime(), 3960, &OneSecond)), absl::Seconds(6));
}

// Sends 100,000 bytes to whoever connects, and closes.
Task<int> SendMuch(Environment& env, SocketAddress address) {
  auto listener = env.network().Listen({.address = address});
  if (!listener.ok()) co_return CodeOf(listener.status());
  auto connection = co_await (*listener)->Accept();
  if (!connection.ok()) co_return CodeOf(connection.status());
  co_return CodeOf(co_await WriteAll(**connection, std::string(100'000, 'm')));
}

Task<int> Receive(Environment& env, SocketAddress to, std::string& text) {
  auto connection = co_await env.network().Connect(to, std::nullopt);
  if (!connection.ok()) co_return CodeOf(connection.status());
  std::array<char, 4096> buffer;
  while (true) {
    const auto got = co_await (*connection)->Read(absl::MakeSpan(buffer));
    if (!got.ok()) co_return CodeOf(got.status());
    if (*got == 0) co_return 0;
    text.append(buffer.data(), *got);
  }
}

absl::Duration TimeToReceive(std::optional<LinkLimits> limits) {
  TestWorld test;
  test.world.fabric().SetLink(test.a.node(), test.b.node(), limits);
  test.Run(test.a, &SendMuch, On("0.0.0.0"));
  test.RunFor(absl::Seconds(1));
  std::string text;
  const MonotonicTime before = test.world.now();
  const TestProgram& client = test.Run(test.b, &Receive, On("192.0.2.1"), std::ref(text));
  EXPECT_TRUE(test.RunToEnd(client));
  EXPECT_EQ(client.exit->code, 0);
  EXPECT_EQ(text.size(), 100'000u);
  return test.world.now() - before;
}

TEST(Link, SlowsConnectionsDown) {
  EXPECT_LT(TimeToReceive(std::nullopt), absl::Seconds(2));
  const absl::Duration slow = TimeToReceive(LinkLimits{.bytes_per_second = 10'000});
  EXPECT_GE(slow, absl::Seconds(10));
  EXPECT_LT(slow, absl::Seconds(14));
}

TEST(Link, OnlyInItsDirection) {
  TestWorld test;
  test.world.fabric().SetLink(test.b.node(), test.a.node(), LinkLimits{.bytes_per_second = 10});
  test.Run(test.a, &SendMuch, On("0.0.0.0"));
  test.RunFor(absl::Seconds(1));
  std::string text;
  const TestProgram& client = test.Run(test.b, &Receive, On("192.0.2.1"), std::ref(text));
  EXPECT_TRUE(test.RunToEnd(client, absl::Seconds(5)));
}

}  // namespace
}  // namespace stagepost
