#include "mta/async/task.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "mta/async/async_test_util.h"
#include "mta/async/channel.h"
#include "mta/async/deadline.h"
#include "mta/async/executor.h"
#include "mta/async/semaphore.h"
#include "mta/async/test_draws.h"

namespace stagepost {
namespace {

using TaskTest = AsyncTest;

Task<int> Add(int a, int b) { co_return a + b; }

Task<void> Note(std::string& log, char c) {
  log.push_back(c);
  co_return;
}

Task<int> Lazy(std::string& log) {
  {
    // Made but not awaited: nothing runs, and the frame is freed.
    auto task = Note(log, 'x');
    log.push_back('a');
  }
  co_await Note(log, 'b');
  co_return 0;
}

TEST_F(TaskTest, IsLazy) {
  std::string log;
  TestProcess process;
  process.RunTask(&Lazy, std::ref(log));
  EXPECT_EQ(log, "ab");
}

Task<std::unique_ptr<int>> Box(int value) { co_return std::make_unique<int>(value); }
Task<int> Unbox() {
  std::unique_ptr<int> box = co_await Box(41);
  co_return *box + co_await Add(0, 1);
}

TEST_F(TaskTest, ReturnsValuesThatOnlyMove) { EXPECT_EQ(TestProcess().RunTask(&Unbox), 42); }

Task<int> SlowLength(absl::string_view text, const Tracked&) {
  (void)co_await Sleep(absl::Seconds(1));
  int length = 0;
  for (const char c : text) length += c == 'x';
  co_return length;
}

Task<int> PassesTemporaries(int& alive) {
  const int length = co_await SlowLength(std::string(1000, 'x'), Tracked(alive));
  EXPECT_EQ(alive, 0);
  co_return length;
}

TEST_F(TaskTest, ArgumentTemporariesLiveToTheEndOfTheAwait) {
  int alive = 0;
  TestProcess process;
  std::optional<int> length;
  process.executor().Start([&](int n) { length = n; }, &PassesTemporaries, std::ref(alive));
  process.RunUntil(At(absl::Milliseconds(500)));
  EXPECT_EQ(alive, 1);
  process.Run();
  EXPECT_EQ(length, 1000);
}

// The stack that a run of a million awaits used, in bytes.
class StackGauge {
 public:
  void Measure() {
    const auto* here = static_cast<const char*>(__builtin_frame_address(0));
    low_ = low_ == nullptr ? here : std::min(low_, here);
    high_ = std::max(high_, here);
  }
  size_t bytes() const { return static_cast<size_t>(high_ - low_); }

 private:
  const char* low_ = nullptr;
  const char* high_ = nullptr;
};

constexpr int kMillion = 1'000'000;
constexpr size_t kFewFrames = 16 << 10;

Task<int> Touch(StackGauge& gauge, int i) {
  gauge.Measure();
  co_return i;
}
Task<int64_t> AwaitTasks(StackGauge& gauge, int n) {
  int64_t sum = 0;
  for (int i = 0; i < n; ++i) sum += co_await Touch(gauge, i);
  co_return sum;
}

TEST_F(TaskTest, AMillionAwaitsOfReadyTasksNeedNoStack) {
  StackGauge gauge;
  TestProcess process;
  EXPECT_EQ(process.RunTask(&AwaitTasks, std::ref(gauge), kMillion), int64_t{499'999'500'000});
  EXPECT_LT(gauge.bytes(), kFewFrames);
  // Fuel: each resume made at most kFuel returns.
  EXPECT_GE(process.loop().resumes(), uint64_t{kMillion / Loop::kFuel});
}

Task<int64_t> AwaitOperations(StackGauge& gauge, int n) {
  int64_t sum = 0;
  for (int i = 0; i < n; ++i) {
    sum += *co_await Ready(i);
    gauge.Measure();
  }
  co_return sum;
}

TEST_F(TaskTest, AMillionAwaitsOfReadyOperationsNeedNoStack) {
  StackGauge gauge;
  TestProcess process;
  EXPECT_EQ(process.RunTask(&AwaitOperations, std::ref(gauge), kMillion), int64_t{499'999'500'000});
  EXPECT_LT(gauge.bytes(), kFewFrames);
  EXPECT_GE(process.loop().resumes(), uint64_t{kMillion / Loop::kFuel});
}

Task<int> AwaitLocks(StackGauge& gauge, int n) {
  Semaphore semaphore(1);
  Channel<int> channel(1);
  for (int i = 0; i < n; ++i) {
    auto permit = co_await semaphore.Acquire();
    (void)co_await channel.Send(i);
    (void)co_await channel.Receive();
    gauge.Measure();
  }
  co_return 0;
}

TEST_F(TaskTest, ReadyLocksAndChannelsBurnFuelToo) {
  StackGauge gauge;
  TestProcess process;
  process.RunTask(&AwaitLocks, std::ref(gauge), 100'000);
  EXPECT_LT(gauge.bytes(), kFewFrames);
  EXPECT_GE(process.loop().resumes(), uint64_t{300'000 / Loop::kFuel});
}

Task<int> FailForEver(int n) {
  int failures = 0;
  for (int i = 0; i < n; ++i) {
    if (!(co_await Sleep(absl::Seconds(1))).ok()) ++failures;
  }
  co_return failures;
}

// A loop that does not look at its errors must not hang the thread when it is stopped.
TEST_F(TaskTest, FailingAtOnceBurnsFuelToo) {
  TestProcess process;
  process.executor().root().RequestStop();
  EXPECT_EQ(process.RunTask(&FailForEver, 10'000), 10'000);
  EXPECT_GE(process.loop().resumes(), uint64_t{10'000 / Loop::kFuel});
  EXPECT_EQ(process.now(), MonotonicTime());
}

Task<int> Spin(bool& stop) {
  int rounds = 0;
  while (!stop) {
    (void)co_await Ready(0);
    ++rounds;
  }
  co_return rounds;
}
Task<int> SetFlag(bool& flag) {
  flag = true;
  co_return 0;
}

TEST_F(TaskTest, FuelLetsOthersRun) {
  TestProcess process;
  bool stop = false;
  int rounds = 0;
  process.executor().Start([&](int n) { rounds = n; }, &Spin, std::ref(stop));
  process.executor().Start([](int) {}, &SetFlag, std::ref(stop));
  process.Run();
  EXPECT_EQ(rounds, Loop::kFuel);
}

Task<int> Descend(int depth) {
  if (depth == 0) {
    (void)co_await Sleep(absl::Seconds(1));
    co_return 0;
  }
  co_return 1 + co_await Descend(depth - 1);
}

TEST_F(TaskTest, DeepCallsReturn) { EXPECT_EQ(TestProcess().RunTask(&Descend, 10'000), 10'000); }

TEST_F(TaskTest, DeepCallsDie) {
  TestProcess process;
  process.executor().Start([](int) {}, &Descend, 1'000);
  process.loop().RunUntilIdle();
  EXPECT_EQ(process.executor().live(), 1u);
  process.executor().Kill();
  EXPECT_EQ(process.executor().live(), 0u);
  EXPECT_TRUE(process.loop().timers().empty());
}

Task<int> LooksAround(Executor& executor) {
  TaskContext& context = co_await CurrentContext();
  EXPECT_EQ(&context, &executor.root());
  EXPECT_EQ(&context.executor(), &executor);
  EXPECT_EQ(context.loop().current(), &executor);
  co_return 0;
}

TEST_F(TaskTest, KnowsWhereItRuns) {
  TestProcess process;
  process.RunTask(&LooksAround, std::ref(process.executor()));
  EXPECT_EQ(process.loop().current(), nullptr);
}

// Closes something of the process in its destructor, as a File does.
class RunsAtExit {
 public:
  explicit RunsAtExit(std::function<void()> f) : f_(std::move(f)) {}
  RunsAtExit(const RunsAtExit&) = default;
  ~RunsAtExit() { f_(); }

 private:
  std::function<void()> f_;
};
Task<int> TakesByCopy(RunsAtExit) { co_return 0; }

TEST_F(TaskTest, ArgumentsAreDestroyedInTheirProcess) {
  TestProcess process;
  int destroyed = 0;
  Executor* last = nullptr;
  const RunsAtExit argument([&] {
    ++destroyed;
    last = process.loop().current();
  });
  process.executor().Start([](int) {}, &TakesByCopy, argument);
  destroyed = 0;
  process.Run();
  EXPECT_GE(destroyed, 1);
  EXPECT_EQ(last, &process.executor());
}

Task<int> Throws() {
  throw 0;  // lint: allow(exception): what one does is tested here.
  co_return 0;
}

TEST_F(TaskTest, DeathByException) {
  EXPECT_DEATH(TestProcess().RunTask(&Throws), "exception left a coroutine");
}

TEST_F(TaskTest, DeathWhenATaskOutlivesItsExecutor) {
  EXPECT_DEATH(
      {
        TestProcess process;
        process.executor().Start([](int) {}, &Descend, 1);
        process.loop().RunUntilIdle();
      },
      "1 tasks outlive their executor");
}

Task<int> KillsItself(Executor& executor) {
  executor.Kill();
  co_return 0;
}

TEST_F(TaskTest, DeathWhenATaskKillsItsOwnProcess) {
  TestProcess process;
  EXPECT_DEATH(process.RunTask(&KillsItself, std::ref(process.executor())),
               "a task kills the process it runs in");
}

TEST_F(TaskTest, DeathWhenATaskStartsInADeadProcess) {
  TestProcess process;
  process.executor().Kill();
  EXPECT_DEATH(process.RunTask(&Add, 1, 1), "dead_");
}

// Each adds, in its own time, to a sum that does not depend on the order.
Task<int> Commutes(uint64_t& sum, int id) {
  for (int i = 0; i < 20; ++i) {
    (void)co_await Sleep(absl::Milliseconds((id * 7 + i) % 3));
    sum += static_cast<uint64_t>(id) * 1'000 + static_cast<uint64_t>(i);
  }
  co_return 0;
}

TEST_F(TaskTest, RandomOrderGivesTheSameSum) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    TestProcess process(seed);
    uint64_t sum = 0;
    for (int id = 0; id < 40; ++id) {
      process.executor().Start([](int) {}, &Commutes, std::ref(sum), id);
    }
    process.Run();
    EXPECT_EQ(sum, uint64_t{20 * 780'000 + 40 * 190});
  }
}

TEST(FramePool, CountsAndPoisons) {
  const FramePoolStats before = FramePoolStatsNow();
  PoisonFreshFrames(0xa5);
  for (const size_t size : {1u, 64u, 65u, 4096u, 4097u, 100'000u}) {
    auto* frame = static_cast<unsigned char*>(AllocateFrame(size));
    EXPECT_EQ(FramePoolStatsNow().live_frames, before.live_frames + 1);
    EXPECT_EQ(FramePoolStatsNow().live_bytes, before.live_bytes + static_cast<int64_t>(size));
    EXPECT_EQ(std::count(frame, frame + size, 0xa5), static_cast<std::ptrdiff_t>(size));
    FreeFrame(frame, size);
  }
  PoisonFreshFrames(std::nullopt);
  EXPECT_EQ(FramePoolStatsNow().live_frames, before.live_frames);
}

TEST(ReadyQueue, TakesAnyIndexAndKeepsTheOrder) {
  Loop loop;
  Executor executor(loop);
  ReadyQueue queue;
  std::vector<char> frames(200'000);  // each stands for a coroutine
  size_t next = 0;
  std::vector<char*> model;
  Draws draws(1);
  for (int i = 0; i < 200'000; ++i) {
    // Grows to a few hundred, then shrinks to nothing, again and again.
    if (draws() % 100 < (i / 1000 % 2 == 0 ? 60u : 40u)) {
      char* const frame = &frames[next++];
      queue.PushBack({std::coroutine_handle<>::from_address(frame), &executor});
      model.push_back(frame);
    } else if (!model.empty()) {
      const size_t index = draws() % 4 == 0 ? 0 : draws() % model.size();
      ASSERT_EQ(queue.Take(index).handle.address(), model[index]);
      model.erase(model.begin() + static_cast<std::ptrdiff_t>(index));
    }
    ASSERT_EQ(queue.size(), model.size());
    ASSERT_EQ(queue.empty(), model.empty());
  }
}

TEST(ReadyQueue, DropsWhatIsOfOneExecutor) {
  Loop loop;
  Executor a(loop), b(loop);
  ReadyQueue queue;
  for (int i = 0; i < 100; ++i) queue.PushBack({nullptr, i % 3 == 0 ? &a : &b});
  queue.Take(0);
  queue.Drop(a);
  EXPECT_EQ(queue.size(), 66u);
  for (size_t i = 0; i < queue.size(); ++i) EXPECT_EQ(queue[i].executor, &b);
  queue.Drop(b);
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace stagepost
