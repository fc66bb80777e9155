#include "mta/async/channel.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "mta/async/async_test_util.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

using ChannelTest = AsyncTest;
using Numbers = Channel<int>;

Task<absl::Status> SendRange(Numbers& channel, int first, int last) {
  for (int i = first; i < last; ++i) CO_RETURN_IF_ERROR(co_await channel.Send(i));
  co_return absl::OkStatus();
}
Task<absl::Status> ReceiveAll(Numbers& channel, std::vector<int>& received) {
  while (true) {
    absl::StatusOr<int> value = co_await channel.Receive();
    if (!value.ok()) co_return value.status();
    received.push_back(*value);
  }
}

class Ends {
 public:
  explicit Ends(size_t capacity) : channel(capacity) {}
  void StartSending(int first, int last) {
    process.executor().Start([this](absl::Status s) { sent = std::move(s); }, &SendRange,
                             std::ref(channel), first, last);
  }
  void StartReceiving() {
    process.executor().Start([this](absl::Status s) { end = std::move(s); }, &ReceiveAll,
                             std::ref(channel), std::ref(received));
  }
  Numbers channel;
  std::vector<int> received;
  absl::Status sent = absl::UnknownError("still sending");
  absl::Status end = absl::UnknownError("still receiving");
  TestProcess process;
};

std::vector<int> Range(int first, int last) {
  std::vector<int> range;
  for (int i = first; i < last; ++i) range.push_back(i);
  return range;
}

TEST_F(ChannelTest, KeepsOrderAtEveryCapacity) {
  for (const size_t capacity : {1u, 2u, 7u, 1000u}) {
    for (const bool receiver_first : {false, true}) {
      Ends ends(capacity);
      if (receiver_first) ends.StartReceiving();
      ends.StartSending(0, 500);
      if (!receiver_first) ends.StartReceiving();
      ends.process.Run();
      EXPECT_EQ(ends.received, Range(0, 500));
      EXPECT_TRUE(ends.sent.ok());
      ends.channel.Close();
      ends.process.Run();
      EXPECT_EQ(ends.end.code(), absl::StatusCode::kOutOfRange);
    }
  }
}

TEST_F(ChannelTest, HoldsNoMoreThanItsCapacity) {
  Ends ends(3);
  ends.StartSending(0, 10);
  ends.process.Run();
  EXPECT_EQ(ends.channel.size(), 3u);
  EXPECT_FALSE(ends.sent.ok());
  ends.StartReceiving();
  ends.process.Run();
  EXPECT_EQ(ends.received, Range(0, 10));
  ends.channel.Close();
  ends.process.Run();
}

TEST_F(ChannelTest, CloseRefusesSendersAndDrains) {
  Ends ends(2);
  ends.StartSending(0, 10);
  ends.process.Run();
  ends.channel.Close();
  ends.process.Run();
  EXPECT_EQ(ends.sent.code(), absl::StatusCode::kFailedPrecondition);
  ends.StartReceiving();
  ends.StartSending(10, 11);
  ends.process.Run();
  EXPECT_EQ(ends.received, Range(0, 2));
  EXPECT_EQ(ends.end.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ends.sent.code(), absl::StatusCode::kFailedPrecondition);
}

Task<absl::Status> ThreeSendersOneStopped(Numbers& channel, std::vector<int>& received) {
  TaskContext& context = co_await CurrentContext();
  TaskScope kept(context, "kept", TaskScope::Policy::kFirstError, 9);
  TaskScope stopped(context, "stopped", TaskScope::Policy::kFirstError, 9);
  CO_RETURN_IF_ERROR(channel.closed() ? absl::UnknownError("closed") : absl::OkStatus());
  (void)kept.Spawn(&SendRange, std::ref(channel), 0, 3);       // two in the channel, one waits
  (void)stopped.Spawn(&SendRange, std::ref(channel), 10, 11);  // waits behind it
  (void)kept.Spawn(&SendRange, std::ref(channel), 20, 21);
  (void)co_await Sleep(absl::Seconds(1));
  stopped.RequestStop();
  EXPECT_EQ((co_await stopped.Join()).code(), absl::StatusCode::kCancelled);
  (void)kept.Spawn(&ReceiveAll, std::ref(channel), std::ref(received));
  (void)co_await Sleep(absl::Seconds(1));
  channel.Close();
  co_return co_await kept.Join();
}

TEST_F(ChannelTest, ACancelledSendHasSentNothing) {
  Numbers channel(2);
  std::vector<int> received;
  TestProcess process;
  EXPECT_EQ(process.RunTask(&ThreeSendersOneStopped, std::ref(channel), std::ref(received)).code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(received, (std::vector<int>{0, 1, 2, 20}));
}

Task<absl::Status> ReceiveRightAfterTheStop(Numbers& channel) {
  TaskScope sender(co_await CurrentContext(), "sender", TaskScope::Policy::kFirstError, 1);
  (void)sender.Spawn(&SendRange, std::ref(channel), 0, 2);
  (void)co_await Sleep(absl::Seconds(1));
  sender.RequestStop();
  // Makes room while the cancelled sender is ready, but has not been resumed.
  EXPECT_EQ((co_await channel.Receive()).value_or(-1), 0);
  EXPECT_EQ(channel.size(), 0u);
  co_return co_await sender.Join();
}

TEST_F(ChannelTest, ACancelledSenderIsNotAdmitted) {
  Numbers channel(1);
  EXPECT_TRUE(
      absl::IsCancelled(TestProcess().RunTask(&ReceiveRightAfterTheStop, std::ref(channel))));
  EXPECT_EQ(channel.size(), 0u);
}

Task<absl::Status> TwoReceiversOneLate(Numbers& channel) {
  const MonotonicTime soon = At(absl::Seconds(1));
  const absl::StatusOr<int> none = co_await WithDeadline(soon, channel.Receive());
  EXPECT_EQ(none.status().code(), absl::StatusCode::kDeadlineExceeded);
  CO_RETURN_IF_ERROR(co_await channel.Send(5));
  // The cancelled Receive() has taken nothing, and no deadline is too early for what is there.
  const absl::StatusOr<int> five = co_await WithDeadline(soon, channel.Receive());
  EXPECT_EQ(five.value_or(0), 5);
  co_return absl::OkStatus();
}

TEST_F(ChannelTest, ACancelledReceiveHasTakenNothing) {
  Numbers channel(1);
  EXPECT_TRUE(TestProcess().RunTask(&TwoReceiversOneLate, std::ref(channel)).ok());
}

Task<absl::Status> SendBoxes(Channel<std::unique_ptr<int>>& channel) {
  for (int i = 0; i < 5; ++i) CO_RETURN_IF_ERROR(co_await channel.Send(std::make_unique<int>(i)));
  co_return absl::OkStatus();
}
Task<absl::Status> SumBoxes(Channel<std::unique_ptr<int>>& channel, int& sum) {
  for (int i = 0; i < 5; ++i) {
    CO_ASSIGN_OR_RETURN(const std::unique_ptr<int> box, co_await channel.Receive());
    sum += *box;
  }
  co_return absl::OkStatus();
}

TEST_F(ChannelTest, CarriesWhatOnlyMoves) {
  Channel<std::unique_ptr<int>> channel(2);
  int sum = 0;
  TestProcess process;
  const auto ignore = [](absl::Status) {};
  process.executor().Start(ignore, &SendBoxes, std::ref(channel));
  process.executor().Start(ignore, &SumBoxes, std::ref(channel), std::ref(sum));
  process.Run();
  EXPECT_EQ(sum, 10);
}

TEST_F(ChannelTest, ReceiversAreServedInTheOrderTheyCame) {
  Numbers channel(1);
  std::vector<int> first, second;
  TestProcess process;
  const auto ignore = [](absl::Status) {};
  process.executor().Start(ignore, &ReceiveAll, std::ref(channel), std::ref(first));
  process.executor().Start(ignore, &ReceiveAll, std::ref(channel), std::ref(second));
  process.executor().Start(ignore, &SendRange, std::ref(channel), 0, 2);
  process.Run();
  EXPECT_EQ(first, Range(0, 1));
  EXPECT_EQ(second, Range(1, 2));
  channel.Close();
  process.Run();
}

TEST_F(ChannelTest, DeathWhenDestroyedWithWaiters) {
  EXPECT_DEATH(
      {
        auto channel = std::make_unique<Numbers>(1);
        std::vector<int> received;
        TestProcess process;
        process.executor().Start([](absl::Status) {}, &ReceiveAll, std::ref(*channel),
                                 std::ref(received));
        process.Run();
        channel.reset();
      },
      "a channel is destroyed while somebody waits in it");
}

}  // namespace
}  // namespace stagepost
