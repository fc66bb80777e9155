// Limits of simulated programs: what is particular to the simulator. The rest is
// conformance/contract/limits_contract.cc.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "sim/world/world_test_util.h"

namespace stagepost {
namespace {

Task<int> ComputeForEver(Environment&, Arguments) {
  while (true) (void)co_await Sleep(absl::ZeroDuration());
}

Task<int> SleepForEver(Environment&, Arguments) {
  while (true) (void)co_await Sleep(absl::Hours(1));
}

class SimLimitsTest : public testing::Test {
 protected:
  SimLimitsTest() {
    Install("/bin/compute", &ComputeForEver);
    Install("/bin/sleep", &SleepForEver);
  }
  void Install(absl::string_view path, Program program) {
    ASSERT_TRUE(test.a.editor().WriteFile(path, "", {.mode = 0755}).ok());
    test.a.InstallProgram(path, program);
  }
  // The exit code of f(environment, args...), which has these limits.
  template <class F, class... Args>
  int CodeUnder(ProgramLimits limits, F f, Args... args) {
    std::optional<ExitStatus> exit;
    ProcessSpec spec;
    spec.path = "test";
    spec.limits = limits;
    SimProcess& process =
        test.a.Spawn(std::move(spec), [&exit](const ExitStatus& status) { exit = status; });
    process.StartTask(std::move(f), std::ref(process.environment()), std::move(args)...);
    test.world.RunUntil([&] { return exit.has_value(); }, test.world.now() + absl::Hours(1));
    return exit.has_value() && !exit->killed_by.has_value() ? exit->code : -1;
  }

  TestWorld test;
};

ProgramRequest Request(std::string path, ProgramLimits limits = {}) {
  ProgramRequest request;
  request.path = std::move(path);
  request.arguments = {request.path};
  request.limits = limits;
  return request;
}

Task<int> StartError(Environment& env, ProgramRequest request, std::string& message) {
  const auto child = co_await env.programs().Start(request);
  message = std::string(child.status().message());
  co_return static_cast<int>(ErrnoOf(child.status()));
}

TEST_F(SimLimitsTest, AnAddressSpaceCannotBeLimited) {
  std::string message;
  EXPECT_EQ(CodeUnder({}, &StartError, Request("/bin/sleep", {.address_space_bytes = 1 << 30}),
                      std::ref(message)),
            static_cast<int>(Errno::kEOPNOTSUPP));
  EXPECT_EQ(message,
            "limit the address space of /bin/sleep, of which a simulated program has none: "
            "Operation not supported");
}

Task<int> Compute(Environment& env, absl::Duration limit, MonotonicTime& ended) {
  const auto child = co_await env.programs().Start(Request("/bin/compute", {.cpu_time = limit}));
  const auto status = co_await (*child)->Wait();
  EXPECT_EQ(status->killed_by, Signal::kCpuLimit);
  ended = env.clock().MonotonicNow();
  co_return 0;
}

// Computing takes processor time, but no virtual time.
TEST_F(SimLimitsTest, ProcessorTimeIsCountedByTurns) {
  for (const int seconds : {1, 2}) {
    MonotonicTime ended;
    const MonotonicTime began = test.world.now();
    const uint64_t resumes = test.world.core().loop.resumes();
    EXPECT_EQ(CodeUnder({}, &Compute, absl::Seconds(seconds), std::ref(ended)), 0);
    EXPECT_EQ(ended, began);
    const uint64_t turns = test.world.core().loop.resumes() - resumes;
    EXPECT_NEAR(static_cast<double>(turns), seconds * 100'000.0, 10.0);
  }
}

Task<int> CountDescriptors(Environment& env, SocketOwner& self) {
  const uint64_t before = self.descriptors().open;
  ProgramRequest request = Request("/bin/sleep");
  request.pipe_input = request.pipe_output = true;
  {
    auto child = co_await env.programs().Start(request);
    EXPECT_EQ(self.descriptors().open, before + 3);  // two pipes and a handle
    (*child)->TakeInput().reset();
    EXPECT_EQ(self.descriptors().open, before + 2);
    const std::unique_ptr<ByteSource> output = (*child)->TakeOutput();
    child->reset();
    EXPECT_EQ(self.descriptors().open, before + 1);
  }
  EXPECT_EQ(self.descriptors().open, before);
  {
    const auto listener = env.network().Listen({.address = {Ip("192.0.2.1"), 2525}});
    EXPECT_EQ(self.descriptors().open, before + 1);
    auto client = co_await env.network().Connect({Ip("192.0.2.1"), 2525}, std::nullopt);
    EXPECT_EQ(self.descriptors().open, before + 2);
    const auto server = co_await (*listener)->Accept();
    EXPECT_EQ(self.descriptors().open, before + 3);
    (*client)->Reset();
    EXPECT_EQ(self.descriptors().open, before + 2);
  }
  EXPECT_EQ(self.descriptors().open, before);
  const absl::Status late =
      (co_await WithDeadline(env.clock().MonotonicNow() + absl::Seconds(1),
                             env.network().Connect({Ip("203.0.113.1"), 25}, std::nullopt)))
          .status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(late));
  EXPECT_EQ(self.descriptors().open, before);
  co_return 0;
}

TEST_F(SimLimitsTest, WhatIsClosedIsFreeAgain) {
  SimProcess& process = test.a.Spawn(ProcessSpec(), nullptr);
  bool done = false;
  process.StartTask(
      +[](Environment& env, SocketOwner& self, bool& ended) -> Task<int> {
        const int code = co_await CountDescriptors(env, self);
        ended = true;
        co_return code;
      },
      std::ref(process.environment()), std::ref(static_cast<SocketOwner&>(process)),
      std::ref(done));
  EXPECT_TRUE(test.world.RunUntil([&] { return done; }, test.world.now() + absl::Hours(1)));
}

// One who waits for a connection when there is no room for it: the connection waits, too.
Task<int> AcceptWithoutRoom(Environment& env, SocketOwner& self) {
  const auto listener = env.network().Listen({.address = {Ip("192.0.2.1"), 2525}});
  self.descriptors().limit = self.descriptors().open + 1;
  const absl::Status none =
      (co_await WithDeadline(env.clock().MonotonicNow() + absl::Seconds(1), (*listener)->Accept()))
          .status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(none)) << none;
  const auto client = co_await env.network().Connect({Ip("192.0.2.1"), 2525}, std::nullopt);
  EXPECT_EQ(ErrnoOf((co_await (*listener)->Accept()).status()), Errno::kEMFILE);
  ++self.descriptors().limit;
  EXPECT_TRUE((co_await (*listener)->Accept()).ok());
  co_return 0;
}

TEST_F(SimLimitsTest, AConnectionWaitsForRoom) {
  SimProcess& process = test.a.Spawn(ProcessSpec(), nullptr);
  bool done = false;
  process.StartTask(
      +[](Environment& env, SocketOwner& self, bool& ended) -> Task<int> {
        const int code = co_await AcceptWithoutRoom(env, self);
        ended = true;
        co_return code;
      },
      std::ref(process.environment()), std::ref(static_cast<SocketOwner&>(process)),
      std::ref(done));
  EXPECT_TRUE(test.world.RunUntil([&] { return done; }, test.world.now() + absl::Hours(1)));
}

}  // namespace
}  // namespace stagepost
