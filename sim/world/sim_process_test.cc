// The life and death of a simulated process, as others see it.
#include "sim/world/sim_process.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/frame_pool.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "mta/env/programs.h"
#include "sim/world/world_test_util.h"

namespace stagepost {
namespace {

Task<int> SleepForEver(Environment&) {
  while (true) (void)co_await Sleep(absl::Hours(1));
}

Task<int> ReturnCode(Environment&, int code) { co_return code; }

TEST(SimProcess, ExitCodes) {
  TestWorld test;
  const TestProgram& program = test.Run(test.a, &ReturnCode, 75);
  EXPECT_EQ(test.a.ProcessIds(), std::vector<uint32_t>{program.pid});
  ASSERT_TRUE(test.RunToEnd(program));
  EXPECT_EQ(program.exit->code, 75);
  EXPECT_FALSE(program.exit->killed_by.has_value());
  test.RunFor(absl::Seconds(1));
  EXPECT_EQ(test.a.FindProcess(program.pid), nullptr);
}

TEST(SimProcess, DefaultActionsOfSignals) {
  for (const Signal signal :
       {Signal::kHangup, Signal::kInterrupt, Signal::kKill, Signal::kTerminate}) {
    TestWorld test;
    const TestProgram& program = test.Run(test.a, &SleepForEver);
    test.RunFor(absl::Seconds(1));
    test.Kill(test.a, program, signal);
    ASSERT_TRUE(program.exit.has_value());
    EXPECT_EQ(program.exit->killed_by, signal);
  }
  TestWorld test;
  const TestProgram& program = test.Run(test.a, &SleepForEver);
  test.RunFor(absl::Seconds(1));
  for (const Signal signal :
       {Signal::kChild, Signal::kPipe, Signal::kUser1, Signal::kUser2, Signal::kAlarm}) {
    test.Kill(test.a, program, signal);
  }
  EXPECT_FALSE(program.exit.has_value());
}

Task<int> CollectSignals(Environment& env, std::vector<Signal>& got) {
  while (true) {
    const auto signal = co_await env.process().NextSignal();
    if (!signal.ok()) co_return 1;
    got.push_back(*signal);
    (void)co_await Sleep(absl::Seconds(10));
    if (*signal == Signal::kTerminate) co_return 0;
  }
}

TEST(SimProcess, SignalsWaitInOrderOneOfEachKind) {
  TestWorld test;
  std::vector<Signal> got;
  const TestProgram& program = test.Run(test.a, &CollectSignals, std::ref(got));
  test.RunFor(absl::Seconds(1));
  for (const Signal signal : {Signal::kHangup, Signal::kUser1, Signal::kHangup, Signal::kUser1,
                              Signal::kHangup, Signal::kTerminate}) {
    test.Kill(test.a, program, signal);
  }
  ASSERT_TRUE(test.RunToEnd(program));
  EXPECT_EQ(got, (std::vector<Signal>{Signal::kHangup, Signal::kUser1, Signal::kHangup,
                                      Signal::kTerminate}));
  EXPECT_EQ(program.exit->code, 0);
}

TEST(SimProcess, ACancelledNextSignalTakesNone) {
  TestWorld test;
  const auto run = [](Environment& env) -> Task<int> {
    const auto none = co_await WithDeadline(env.clock().MonotonicNow() + absl::Seconds(1),
                                            env.process().NextSignal());
    if (!absl::IsDeadlineExceeded(none.status())) co_return 1;
    (void)co_await Sleep(absl::Seconds(2));
    const auto signal = co_await env.process().NextSignal();
    co_return signal.ok() && *signal == Signal::kUser2 ? 0 : 2;
  };
  const TestProgram& program = test.Run(test.a, run);
  test.RunFor(absl::Seconds(2));
  test.Kill(test.a, program, Signal::kUser2);
  ASSERT_TRUE(test.RunToEnd(program));
  EXPECT_EQ(program.exit->code, 0);
}

Task<int> Daemon(Environment& env) {
  if (!env.process().Daemonise().ok()) co_return 1;
  if (env.process().Daemonise().code() != absl::StatusCode::kFailedPrecondition) co_return 2;
  // Standard streams are /dev/null now.
  std::array<char, 1> buffer;
  const auto n = co_await env.process().standard_input().Read(absl::MakeSpan(buffer));
  if (!n.ok() || *n != 0) co_return 3;
  if (!(co_await WriteAll(env.process().standard_output(), "x")).ok()) co_return 4;
  env.log().Write(Severity::kInfo, "still here");
  while (true) (void)co_await Sleep(absl::Hours(1));
}

Task<int> DaemonProgram(Environment& env, Arguments) { co_return co_await Daemon(env); }

TEST(SimProcess, ADaemonOutlivesWhoStartedIt) {
  TestWorld test;
  ASSERT_TRUE(test.a.editor().WriteFile("/sbin/daemon", "", {.mode = 0755}).ok());
  test.a.InstallProgram("/sbin/daemon", &DaemonProgram);
  const auto run = [](Environment& env) -> Task<int> {
    ProgramRequest request;
    request.path = "/sbin/daemon";
    request.arguments = {"daemon"};
    auto child = co_await env.programs().Start(request);
    if (!child.ok()) co_return 100;
    const auto exit = co_await (*child)->Wait();
    co_return exit.ok() && exit->ok() ? 0 : 101;
  };
  const TestProgram& program = test.Run(test.a, run);
  ASSERT_TRUE(test.RunToEnd(program));
  EXPECT_EQ(program.exit->code, 0);
  test.RunFor(absl::Hours(1));
  ASSERT_EQ(test.a.ProcessIds().size(), 1u);
  EXPECT_EQ(test.a.FindProcess(test.a.ProcessIds()[0])->path(), "/sbin/daemon");
  ASSERT_EQ(test.a.log().size(), 1u);
  EXPECT_EQ(test.a.log()[0].text, "still here");
  EXPECT_EQ(test.a.log()[0].tag, "daemon");
}

TEST(SimProcess, IdentityAndDirectory) {
  TestWorld test;
  ASSERT_TRUE(test.a.editor().MakeDirectories("/spool/mqueue", {.mode = 0700}).ok());
  const auto run = [](Environment& env) -> Task<int> {
    if (env.process().working_directory() != "/") co_return 1;
    if (!(co_await env.process().ChangeDirectory("/spool/mqueue")).ok()) co_return 2;
    if (env.process().working_directory() != "/spool/mqueue") co_return 3;
    if (!(co_await env.process().ChangeDirectory("..")).ok()) co_return 4;
    if (env.process().working_directory() != "/spool") co_return 5;
    const Identity user{UserId{1000}, GroupId{1000}, {}};
    if (!env.process().BecomePermanently(user).ok()) co_return 6;
    if (ErrnoOf(co_await env.process().ChangeDirectory("mqueue")) != Errno::kEACCES) co_return 7;
    if (ErrnoOf(env.process().BecomePermanently(Identity{})) != Errno::kEPERM) co_return 8;
    if (!env.process().BecomePermanently(user).ok()) co_return 9;
    if (env.process().SetUmask(077) != 022) co_return 10;
    co_return env.process().SetUmask(0) == 077 ? 0 : 11;
  };
  const TestProgram& program = test.Run(test.a, run);
  ASSERT_TRUE(test.RunToEnd(program));
  EXPECT_EQ(program.exit->code, 0);
}

TEST(SimProcess, LogLinesCannotBeForged) {
  TestWorld test;
  const auto run = [](Environment& env) -> Task<int> {
    env.log().SetTag("sm-mta");
    env.log().Write(Severity::kNotice, "a\nb\x7f\t");
    co_return 0;
  };
  const TestProgram& program = test.Run(test.a, run);
  ASSERT_TRUE(test.RunToEnd(program));
  ASSERT_EQ(test.a.log().size(), 1u);
  EXPECT_EQ(test.a.log()[0].text, "a\\012b\\177\\011");
  EXPECT_EQ(test.a.log()[0].tag, "sm-mta");
  EXPECT_EQ(test.a.log()[0].pid, program.pid);
}

// Calls everything of its Environment when it is destroyed.
struct Meddler {
  Environment& env;
  std::unique_ptr<Connection> connection;
  std::unique_ptr<Listener> listener;
  std::unique_ptr<File> file;

  ~Meddler() {
    env.log().Write(Severity::kError, "from beyond");
    env.trace().Record({EventKind::kReached, "beyond", ""});
    env.process().SetTitle("beyond");
    env.probes().Reached("beyond");
    env.probes().Buggify("beyond");
    env.random().Uniform(1000);
    env.process().SetUmask(0);
    (void)env.process().BecomePermanently(Identity{UserId{1}, GroupId{1}, {}});
    (void)env.process().Daemonise();
    connection->Reset();
    (void)connection->ShutdownWrite();
    EXPECT_TRUE(connection->Write("x").completed_inline());
    std::array<char, 1> buffer;
    EXPECT_TRUE(connection->Read(absl::MakeSpan(buffer)).completed_inline());
    EXPECT_TRUE(listener->Accept().completed_inline());
    EXPECT_TRUE(file->Write(0, "x").completed_inline());
    EXPECT_TRUE(file->Sync().completed_inline());
    EXPECT_TRUE(env.files().Unlink("/tmp/file").completed_inline());
    EXPECT_TRUE(env.process().NextSignal().completed_inline());
    EXPECT_TRUE(env.process().ChangeDirectory("/tmp").completed_inline());
    EXPECT_TRUE(env.process().standard_output().Write("x").completed_inline());
    EXPECT_TRUE(env.programs().Start(ProgramRequest()).completed_inline());
    EXPECT_TRUE(env.network().Connect({Ip("127.0.0.1"), 1}, std::nullopt).completed_inline());
    EXPECT_FALSE(env.network().Listen({.address = {Ip("0.0.0.0"), 9}}).ok());
  }
};

Task<int> Meddle(Environment& env, bool& ready) {
  auto listener = env.network().Listen({.address = {Ip("0.0.0.0"), 8}});
  if (!listener.ok()) co_return 1;
  auto connection = co_await env.network().Connect({Ip("127.0.0.1"), 8}, std::nullopt);
  if (!connection.ok()) co_return 2;
  auto file = co_await env.files().Open("/tmp/file", {.write = true, .create = true});
  if (!file.ok()) co_return 3;
  const Meddler meddler{env, *std::move(connection), *std::move(listener), *std::move(file)};
  ready = true;
  while (true) (void)co_await Sleep(absl::Hours(1));
}

TEST(SimProcess, ADeadProcessHasNoEffectAndLeavesNoTrace) {
  for (const bool crash : {false, true}) {
    TestWorld test(1, TraceLog::Keep::kEverything);
    test.world.core().buggify = true;
    ASSERT_TRUE(test.a.editor().MakeDirectories("/tmp").ok());
    bool ready = false;
    const TestProgram& program = test.Run(test.a, &Meddle, std::ref(ready));
    test.RunFor(absl::Seconds(1));
    ASSERT_TRUE(ready);
    const size_t events = test.trace.size();
    if (crash) {
      test.a.Crash();
      EXPECT_EQ(test.trace.size(), events + 1);
    } else {
      test.Kill(test.a, program);
      EXPECT_EQ(test.a.editor().ReadFile("/tmp/file").value_or("?"), "");
      // The process, and the sockets of the connection to itself that the kernel closes.
      EXPECT_EQ(test.trace.size(), events + 3);
    }
    for (const TraceEvent& event : test.trace.kept()) {
      EXPECT_NE(event.event.subject, "beyond");
      EXPECT_NE(event.event.detail, "from beyond");
    }
    EXPECT_TRUE(test.a.log().empty());
    EXPECT_TRUE(test.world.core().reached.empty());
    EXPECT_TRUE(test.world.core().buggify_sites.empty());
    EXPECT_FALSE(absl::StrContains(test.choices.Log(), "random")) << test.choices.Log();
    EXPECT_TRUE(test.a.node().listeners.empty());
  }
}

TEST(SimProcess, ACrashTakesEveryProcessAtOnce) {
  TestWorld test;
  const TestProgram& first = test.Run(test.a, &SleepForEver);
  const TestProgram& other = test.Run(test.b, &SleepForEver);
  test.RunFor(absl::Seconds(1));
  test.a.Crash();
  EXPECT_FALSE(test.a.up());
  EXPECT_TRUE(test.a.ProcessIds().empty());
  EXPECT_EQ(test.b.ProcessIds(), std::vector<uint32_t>{other.pid});
  EXPECT_FALSE(first.exit.has_value()) << "nobody was there to see it end";
  test.a.Boot();
  const TestProgram& later = test.Run(test.a, &ReturnCode, 0);
  EXPECT_GT(later.pid, first.pid);
  ASSERT_TRUE(test.RunToEnd(later));
}

TEST(SimProcess, BuggifyIsOffUnlessAskedFor) {
  const auto run = [](Environment& env) -> Task<int> {
    int fired = 0;
    for (int i = 0; i < 100; ++i) fired += env.probes().Buggify("test/site");
    co_return fired;
  };
  int total = 0, worlds = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    for (const bool on : {false, true}) {
      TestWorld test(seed);
      test.world.core().buggify = on;
      const TestProgram& program = test.Run(test.a, run);
      ASSERT_TRUE(test.RunToEnd(program));
      if (!on) ASSERT_EQ(program.exit->code, 0);
      total += program.exit->code;
      worlds += program.exit->code > 0;
    }
  }
  // One world in four, one call in four.
  EXPECT_GT(worlds, 10);
  EXPECT_LT(worlds, 50);
  EXPECT_GT(total, worlds * 15);
  EXPECT_LT(total, worlds * 35);
}

}  // namespace
}  // namespace stagepost
