// A file call that does not come back: what stands still with it, what does not, and what has
// happened when it does come back.
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/frame_pool.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "sim/world/world_test_util.h"

namespace stagepost {
namespace {

constexpr OpenOptions kCreate = {.read = true, .write = true, .create = true};

// Makes every call of one kind on one path wait.
class StallOn final : public FileFaults {
 public:
  StallOn(SimHost& host, FileCall call, absl::Duration stall)
      : host_(host), call_(call), stall_(stall) {
    host_.file_faults = this;
  }
  ~StallOn() override { host_.file_faults = nullptr; }
  FileFault OnCall(FileCall call, absl::string_view path) override {
    if (call != call_ || path != "/slow") return {};
    return {.error = Errno::kOk, .stall = stall_};
  }

 private:
  SimHost& host_;
  const FileCall call_;
  const absl::Duration stall_;
};

int64_t Second(Environment& env) {
  return absl::ToInt64Seconds(env.clock().MonotonicNow() - MonotonicTime());
}

// What a process has seen, and when.
struct Seen {
  std::vector<int64_t> ticks;
  absl::Status call = absl::UnknownError("has not come back");
  int64_t call_back = -1;
  absl::Status read = absl::UnknownError("has not ended");
};

Task<absl::Status> Tick(Environment& env, Seen& seen) {
  for (int i = 0; i < 4; ++i) {
    CO_RETURN_IF_ERROR(co_await Sleep(absl::Seconds(2)));
    seen.ticks.push_back(Second(env));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> OpenSlow(Environment& env, Seen& seen) {
  CO_RETURN_IF_ERROR(co_await Sleep(absl::Seconds(3)));
  seen.call = (co_await env.files().Open("/slow", kCreate)).status();
  seen.call_back = Second(env);
  co_return absl::OkStatus();
}

// Opens the file three seconds from now while another task ticks every other second.
Task<int> TickAndOpen(Environment& env, Seen& seen) {
  TaskScope scope(co_await CurrentContext(), "both", TaskScope::Policy::kFirstError, 2);
  EXPECT_TRUE(scope.Spawn(&Tick, std::ref(env), std::ref(seen)).ok());
  EXPECT_TRUE(scope.Spawn(&OpenSlow, std::ref(env), std::ref(seen)).ok());
  EXPECT_TRUE((co_await scope.Join()).ok());
  co_return 0;
}

Task<int> JustTick(Environment& env, Seen& seen) {
  co_return (co_await Tick(env, seen)).ok() ? 0 : 1;
}

TEST(SimStall, TheWholeProcessStandsStill) {
  TestWorld test;
  StallOn fault(test.a, FileCall::kOpen, absl::Seconds(30));
  Seen stalled, neighbour;
  const TestProgram& program = test.Run(test.a, &TickAndOpen, std::ref(stalled));
  const TestProgram& other = test.Run(test.a, &JustTick, std::ref(neighbour));
  ASSERT_TRUE(test.RunToEnd(program));
  EXPECT_TRUE(other.exit.has_value());
  EXPECT_TRUE(stalled.call.ok()) << stalled.call;
  EXPECT_EQ(stalled.call_back, 33);
  EXPECT_EQ(stalled.ticks, (std::vector<int64_t>{2, 33, 35, 37}));
  EXPECT_EQ(neighbour.ticks, (std::vector<int64_t>{2, 4, 6, 8}));
}

Task<absl::Status> SyncSlow(Environment& env, Seen& seen) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await env.files().Open("/slow", kCreate));
  seen.call = co_await file->Sync();
  seen.call_back = Second(env);
  co_return absl::OkStatus();
}

Task<int> TickAndSync(Environment& env, Seen& seen) {
  TaskScope scope(co_await CurrentContext(), "both", TaskScope::Policy::kFirstError, 2);
  EXPECT_TRUE(scope.Spawn(&Tick, std::ref(env), std::ref(seen)).ok());
  EXPECT_TRUE(scope.Spawn(&SyncSlow, std::ref(env), std::ref(seen)).ok());
  EXPECT_TRUE((co_await scope.Join()).ok());
  co_return 0;
}

// Live, syncs have threads of their own.
TEST(SimStall, OfASyncOnlyTheCallWaits) {
  TestWorld test;
  StallOn fault(test.a, FileCall::kSync, absl::Seconds(30));
  Seen seen;
  ASSERT_TRUE(test.RunToEnd(test.Run(test.a, &TickAndSync, std::ref(seen))));
  EXPECT_TRUE(seen.call.ok()) << seen.call;
  EXPECT_EQ(seen.call_back, 30);
  EXPECT_EQ(seen.ticks, (std::vector<int64_t>{2, 4, 6, 8}));
}

// The other side says something after `after`.
Task<int> SpeakAfter(Environment& env, absl::Duration after) {
  const auto listener = env.network().Listen({.address = {Ip("192.0.2.2"), 2525}});
  EXPECT_TRUE(listener.ok());
  const auto connection = co_await (*listener)->Accept();
  EXPECT_TRUE(connection.ok());
  (void)co_await Sleep(after);
  (void)co_await WriteAll(**connection, "220");
  (void)co_await Sleep(absl::Minutes(5));
  co_return 0;
}

Task<absl::Status> ReadInTime(Environment& env, Seen& seen) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                      co_await env.network().Connect({Ip("192.0.2.2"), 2525}, std::nullopt));
  char buffer[10];
  const MonotonicTime deadline = env.clock().MonotonicNow() + absl::Seconds(10);
  seen.read = (co_await WithDeadline(deadline, connection->Read(absl::MakeSpan(buffer)))).status();
  co_return absl::OkStatus();
}

Task<int> ReadWhileOpening(Environment& env, Seen& seen) {
  (void)co_await Sleep(absl::Milliseconds(1));  // until somebody listens
  TaskScope scope(co_await CurrentContext(), "both", TaskScope::Policy::kFirstError, 2);
  EXPECT_TRUE(scope.Spawn(&ReadInTime, std::ref(env), std::ref(seen)).ok());
  EXPECT_TRUE(scope.Spawn(&OpenSlow, std::ref(env), std::ref(seen)).ok());
  EXPECT_TRUE((co_await scope.Join()).ok());
  co_return 0;
}

absl::Status ReadWithDeadlineInStall(absl::Duration spoken_after) {
  TestWorld test;
  StallOn fault(test.a, FileCall::kOpen, absl::Seconds(60));
  Seen seen;
  test.Run(test.b, &SpeakAfter, spoken_after);
  EXPECT_TRUE(test.RunToEnd(test.Run(test.a, &ReadWhileOpening, std::ref(seen))));
  EXPECT_EQ(seen.call_back, 63);
  return seen.read;
}

// Who wakes up late finds first what has arrived, and then what time it is.
TEST(SimStall, WhatArrivedMeanwhileWinsAgainstDeadlines) {
  EXPECT_TRUE(ReadWithDeadlineInStall(absl::Seconds(30)).ok());
  EXPECT_TRUE(absl::IsDeadlineExceeded(ReadWithDeadlineInStall(absl::Seconds(90))));
}

Task<absl::Status> LockSlow(Environment& env, Seen& seen) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await env.files().Open("/slow", kCreate));
  seen.call =
      co_await WithDeadline(env.clock().MonotonicNow() + absl::Seconds(5),
                            file->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kYes));
  seen.call_back = Second(env);
  co_return absl::OkStatus();
}

Task<int> TickAndLock(Environment& env, Seen& seen) {
  TaskScope scope(co_await CurrentContext(), "both", TaskScope::Policy::kFirstError, 2);
  EXPECT_TRUE(scope.Spawn(&Tick, std::ref(env), std::ref(seen)).ok());
  EXPECT_TRUE(scope.Spawn(&LockSlow, std::ref(env), std::ref(seen)).ok());
  EXPECT_TRUE((co_await scope.Join()).ok());
  co_return 0;
}

Task<int> Hold(Environment& env) {
  const auto file = co_await env.files().Open("/slow", kCreate);
  EXPECT_TRUE((co_await (*file)->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kNo)).ok());
  (void)co_await Sleep(absl::Hours(1));
  co_return 0;
}

// The call stalls, and not the wait for who has the lock.
TEST(SimStall, ADeadlineOfTheCallItselfPassesWhenItIsBack) {
  TestWorld test;
  test.Run(test.a, &Hold);
  test.RunFor(absl::Milliseconds(100));
  StallOn fault(test.a, FileCall::kLock, absl::Seconds(30));
  Seen seen;
  ASSERT_TRUE(test.RunToEnd(test.Run(test.a, &TickAndLock, std::ref(seen))));
  EXPECT_TRUE(absl::IsDeadlineExceeded(seen.call)) << seen.call;
  EXPECT_EQ(seen.call_back, 30);
  EXPECT_EQ(seen.ticks.front(), 30);
}

TEST(SimStall, AKillEndsIt) {
  const int64_t frames = FramePoolStatsNow().live_frames;
  {
    TestWorld test;
    StallOn fault(test.a, FileCall::kOpen, absl::InfiniteDuration());
    Seen seen;
    test.Run(test.b, &SpeakAfter, absl::Hours(2));
    const TestProgram& program = test.Run(test.a, &ReadWhileOpening, std::ref(seen));
    test.RunFor(absl::Minutes(10));  // deadlines have passed by now
    EXPECT_FALSE(program.exit.has_value());
    EXPECT_FALSE(seen.read.ok());
    test.Kill(test.a, program);
    test.RunFor(absl::Seconds(1));
    ASSERT_TRUE(program.exit.has_value());
    EXPECT_EQ(program.exit->killed_by, Signal::kKill);
    EXPECT_EQ(seen.call_back, -1);
    // The world goes on.
    Seen after;
    ASSERT_TRUE(test.RunToEnd(test.Run(test.a, &JustTick, std::ref(after))));
  }
  EXPECT_EQ(FramePoolStatsNow().live_frames, frames);
}

TEST(SimStall, ACrashEndsIt) {
  TestWorld test;
  StallOn fault(test.a, FileCall::kOpen, absl::InfiniteDuration());
  Seen seen, after;
  test.Run(test.a, &TickAndOpen, std::ref(seen));
  test.RunFor(absl::Minutes(10));
  test.a.Crash();
  test.a.Boot();
  EXPECT_TRUE(test.RunToEnd(test.Run(test.a, &JustTick, std::ref(after))));
  EXPECT_EQ(seen.ticks, std::vector<int64_t>{2});
}

}  // namespace
}  // namespace stagepost
