// The world as a whole: its scheduler, its repeatability, and death at every step.
#include "sim/world/world.h"

#include <array>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/frame_pool.h"
#include "mta/async/scope.h"
#include "mta/base/status_macros.h"
#include "mta/env/programs.h"
#include "sim/world/world_test_util.h"

namespace stagepost {
namespace {

TEST(World, TimePassesToTheLimit) {
  TestWorld test;
  EXPECT_FALSE(test.world.Step(MonotonicTime() + absl::Hours(1)));
  EXPECT_EQ(test.elapsed(), absl::Hours(1));
  // A limit that has passed is no reason to go back.
  EXPECT_FALSE(test.world.Step(MonotonicTime()));
  EXPECT_EQ(test.elapsed(), absl::Hours(1));
  EXPECT_FALSE(test.world.Step(MonotonicTime::InfiniteFuture()));
  EXPECT_EQ(test.elapsed(), absl::Hours(1));
  EXPECT_EQ(test.a.WallNow(), absl::FromUnixSeconds(1'800'003'600));
}

TEST(World, ActionsHappenInOrder) {
  TestWorld test;
  std::string order;
  test.world.After(absl::Seconds(2), [&] { order += "d"; });
  test.world.After(absl::Seconds(1), [&] {
    order += "b";
    test.world.Soon([&] { order += "c"; });
  });
  test.world.After(absl::Seconds(2), [&] { order += "e"; });
  test.world.After(absl::Seconds(3), [&] { order += "f"; });
  test.world.Soon([&] { order += "a"; });
  test.RunFor(absl::Seconds(2));
  EXPECT_EQ(order, "abcde");
}

// Actions that never happen are not called at the end of the world, when what they are about has
// gone.
TEST(World, ItsEndCallsNothing) {
  int calls = 0;
  {
    TestWorld test;
    test.world.Soon([&] { ++calls; });
    test.world.After(absl::Seconds(1), [&] { ++calls; });
  }
  EXPECT_EQ(calls, 0);
}

Task<int> Spin(Environment&) {
  while (true) (void)co_await Sleep(absl::ZeroDuration());
}

TEST(World, SpinningIsNoticed) {
  TestWorld test;
  test.Run(test.a, &Spin);
  EXPECT_FALSE(test.world.RunUntil([] { return false; }, MonotonicTime() + absl::Hours(1)));
  EXPECT_TRUE(test.world.spinning());
  EXPECT_EQ(test.elapsed(), absl::ZeroDuration());
}

TEST(World, AnIdleWeekIsFree) {
  TestWorld test;
  const auto daemon = [](Environment& env) -> Task<int> {
    auto listener = env.network().Listen({.address = {Ip("0.0.0.0"), 25}});
    auto connection = co_await (*listener)->Accept();
    co_return 0;
  };
  test.Run(test.a, daemon);
  test.RunFor(absl::Seconds(1));
  const uint64_t resumes = test.world.core().loop.resumes();
  const uint64_t events = test.trace.size();
  test.RunFor(7 * absl::Hours(24));
  EXPECT_EQ(test.world.core().loop.resumes(), resumes);
  EXPECT_EQ(test.trace.size(), events);
}

// --- A sample of everything: a server with sessions and a helper, files and locks, signals.

Task<int> Upper(Environment& env, Arguments) {
  while (true) {
    std::array<char, 100> buffer;
    const auto n = co_await env.process().standard_input().Read(absl::MakeSpan(buffer));
    if (!n.ok() || *n == 0) co_return 0;
    std::string text = absl::AsciiStrToUpper(absl::string_view(buffer.data(), *n));
    if (!(co_await WriteAll(env.process().standard_output(), text)).ok()) co_return 1;
  }
}

Task<absl::Status> Store(Environment& env, const std::string& text) {
  CO_ASSIGN_OR_RETURN(
      auto file, co_await env.files().Open(
                     "/var/store", {.read = true, .write = true, .create = true, .append = true}));
  CO_RETURN_IF_ERROR(co_await file->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kYes));
  for (size_t written = 0; written < text.size();) {
    CO_ASSIGN_OR_RETURN(const size_t n,
                        co_await file->Write(0, absl::string_view(text).substr(written)));
    written += n;
  }
  CO_RETURN_IF_ERROR(co_await file->Sync());
  co_return co_await env.files().SyncDirectory("/var");
}

Task<absl::StatusOr<std::string>> ThroughHelper(Environment& env, const std::string& text) {
  ProgramRequest request;
  request.path = "/bin/upper";
  request.arguments = {"upper"};
  request.pipe_input = request.pipe_output = true;
  CO_ASSIGN_OR_RETURN(auto child, co_await env.programs().Start(request));
  {
    const std::unique_ptr<ByteSink> input = child->TakeInput();
    CO_RETURN_IF_ERROR(co_await WriteAll(*input, text));
  }
  const std::unique_ptr<ByteSource> output = child->TakeOutput();
  std::string upper;
  while (true) {
    std::array<char, 10> buffer;
    CO_ASSIGN_OR_RETURN(const size_t n, co_await output->Read(absl::MakeSpan(buffer)));
    if (n == 0) break;
    upper.append(buffer.data(), n);
  }
  CO_RETURN_IF_ERROR((co_await child->Wait()).status());
  co_return upper;
}

Task<absl::Status> Session(Environment& env, std::unique_ptr<Connection> connection) {
  std::string text;
  while (true) {
    std::array<char, 10> buffer;
    CO_ASSIGN_OR_RETURN(const size_t n,
                        co_await WithDeadline(env.clock().MonotonicNow() + absl::Minutes(5),
                                              connection->Read(absl::MakeSpan(buffer))));
    if (n == 0) break;
    text.append(buffer.data(), n);
  }
  CO_ASSIGN_OR_RETURN(const std::string upper, co_await ThroughHelper(env, text));
  CO_RETURN_IF_ERROR(co_await Shield(absl::Seconds(10), Store(env, upper)));
  env.log().Write(Severity::kInfo, absl::StrCat("stored ", upper.size()));
  co_return co_await WriteAll(*connection, upper);
}

Task<absl::Status> ServeAll(TaskScope& sessions, Environment& env, Listener& listener) {
  while (true) {
    CO_ASSIGN_OR_RETURN(auto connection, co_await listener.Accept());
    CO_RETURN_IF_ERROR(sessions.Spawn(&Session, std::ref(env), std::move(connection)));
  }
}

Task<absl::Status> UntilSignal(TaskScope& scope, Environment& env, Listener& listener) {
  CO_RETURN_IF_ERROR(
      scope.Spawn(&WithScope<Task<absl::Status> (*)(TaskScope&, Environment&, Listener&),
                             std::reference_wrapper<Environment>, std::reference_wrapper<Listener>>,
                  absl::string_view("sessions"), TaskScope::Policy::kSupervise, size_t{10},
                  &ServeAll, std::ref(env), std::ref(listener)));
  CO_RETURN_IF_ERROR((co_await env.process().NextSignal()).status());
  co_return absl::CancelledError("signal");
}

Task<int> Server(Environment& env) {
  auto listener = env.network().Listen({.address = {Ip("0.0.0.0"), 25}});
  if (!listener.ok()) co_return 71;
  env.process().SetTitle("accepting connections");
  const absl::Status status = co_await WithScope("server", TaskScope::Policy::kFirstError, 2,
                                                 &UntilSignal, std::ref(env), std::ref(**listener));
  co_return absl::IsCancelled(status) ? 0 : 1;
}

Task<absl::Status> Ask(Environment& env, int number, int& answers) {
  (void)co_await Sleep(absl::Milliseconds(env.random().Uniform(200)));
  CO_ASSIGN_OR_RETURN(
      auto connection,
      co_await WithDeadline(env.clock().MonotonicNow() + absl::Minutes(1),
                            env.network().Connect({Ip("192.0.2.1"), 25}, std::nullopt)));
  const std::string question = absl::StrCat("question ", number);
  CO_RETURN_IF_ERROR(co_await WriteAll(*connection, question));
  CO_RETURN_IF_ERROR(connection->ShutdownWrite());
  std::string answer;
  while (true) {
    std::array<char, 10> buffer;
    CO_ASSIGN_OR_RETURN(const size_t n,
                        co_await WithDeadline(env.clock().MonotonicNow() + absl::Minutes(10),
                                              connection->Read(absl::MakeSpan(buffer))));
    if (n == 0) break;
    answer.append(buffer.data(), n);
  }
  answers += answer == absl::AsciiStrToUpper(question);
  co_return absl::OkStatus();
}

Task<absl::Status> AskAll(TaskScope& scope, Environment& env, int& answers) {
  for (int i = 0; i < 3; ++i) {
    CO_RETURN_IF_ERROR(scope.Spawn(&Ask, std::ref(env), i, std::ref(answers)));
  }
  co_return absl::OkStatus();
}

Task<int> Client(Environment& env, int& answers) {
  (void)co_await Sleep(absl::Milliseconds(10));
  const absl::Status status = co_await WithScope("client", TaskScope::Policy::kSupervise, 10,
                                                 &AskAll, std::ref(env), std::ref(answers));
  co_return status.ok() ? 0 : 1;
}

struct Sample {
  explicit Sample(Choices choices, TraceLog::Keep keep = TraceLog::Keep::kNothing)
      : test(std::move(choices), keep) {
    CHECK(test.a.editor().MakeDirectories("/var").ok());
    CHECK(test.a.editor().WriteFile("/bin/upper", "", {.mode = 0755}).ok());
    test.a.InstallProgram("/bin/upper", &Upper);
    server = &test.Run(test.a, &Server);
    client = &test.Run(test.b, &Client, std::ref(answers));
  }
  // To the end of the client, and of the server after SIGTERM.
  void Run() {
    ASSERT_TRUE(test.RunToEnd(*client));
    test.Kill(test.a, *server, Signal::kTerminate);
    ASSERT_TRUE(test.RunToEnd(*server));
    test.RunFor(absl::Minutes(20));
  }
  int answers = 0;
  TestWorld test;
  TestProgram* server;
  TestProgram* client;
};

TEST(World, TheSampleWorks) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Sample sample(Choices::FromSeed(seed));
    sample.Run();
    EXPECT_EQ(sample.answers, 3);
    EXPECT_EQ(sample.client->exit->code, 0);
    EXPECT_EQ(sample.server->exit->code, 0);
    EXPECT_EQ(sample.test.world.fabric().connections(), 0u);
    EXPECT_TRUE(sample.test.a.ProcessIds().empty());
    const auto stored = sample.test.a.editor().ReadFile("/var/store");
    EXPECT_EQ(stored.value_or("").size(), 3 * std::string("QUESTION 0").size());
  }
}

TEST(World, TheSameChoicesGiveTheSameRun) {
  std::set<Hash128> hashes;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Sample first(Choices::FromSeed(seed));
    first.Run();
    Sample second(Choices::FromSeed(seed), TraceLog::Keep::kEverything);
    second.Run();
    EXPECT_EQ(first.test.trace.hash(), second.test.trace.hash());
    EXPECT_EQ(first.test.trace.size(), second.test.trace.size());
    auto choices = Choices::FromLog(first.test.choices.Log());
    ASSERT_TRUE(choices.ok());
    Sample third(*std::move(choices));
    third.Run();
    EXPECT_EQ(first.test.trace.hash(), third.test.trace.hash());
    hashes.insert(first.test.trace.hash());
  }
  EXPECT_EQ(hashes.size(), 50u);
}

// Fresh frames filled with different bytes: a read of something uninitialised would show.
TEST(World, NothingUninitialisedIsRead) {
  std::set<Hash128> hashes;
  for (const uint8_t pattern : {uint8_t{0x00}, uint8_t{0xa5}, uint8_t{0xff}}) {
    PoisonFreshFrames(pattern);
    Sample sample(Choices::FromSeed(7));
    sample.Run();
    hashes.insert(sample.test.trace.hash());
  }
  PoisonFreshFrames(std::nullopt);
  EXPECT_EQ(hashes.size(), 1u);
}

// What happens at the n-th step of the sample, for every n.
enum class Death { kServer, kClient, kServerHost, kClientHost, kWorld };

// False if the sample has fewer than n steps.
bool DieAt(Death death, uint64_t seed, int n) {
  Sample sample(Choices::FromSeed(seed));
  TestWorld& test = sample.test;
  for (int i = 0; i < n; ++i) {
    if (!test.world.Step(MonotonicTime() + absl::Hours(1))) return false;
  }
  switch (death) {
    case Death::kServer:
      test.Kill(test.a, *sample.server);
      break;
    case Death::kClient:
      test.Kill(test.b, *sample.client);
      break;
    case Death::kServerHost:
      test.a.Crash();
      test.world.After(absl::Minutes(2), [&] { test.a.Boot(); });
      break;
    case Death::kClientHost:
      test.b.Crash();
      break;
    case Death::kWorld:
      return true;
  }
  test.RunFor(absl::Hours(1));
  const bool client_died = death == Death::kClient || death == Death::kClientHost;
  EXPECT_TRUE(client_died || sample.client->exit.has_value());
  if (death == Death::kServer || death == Death::kServerHost) {
    EXPECT_TRUE(test.a.ProcessIds().empty());
    EXPECT_EQ(test.a.disk().open_files(), 0u);
  } else {
    EXPECT_EQ(test.a.ProcessIds().size(), 1u);
    test.Kill(test.a, *sample.server, Signal::kTerminate);
    test.RunFor(absl::Hours(1));
    EXPECT_TRUE(sample.server->exit.has_value() && sample.server->exit->code == 0);
  }
  EXPECT_TRUE(test.b.ProcessIds().empty());
  EXPECT_EQ(test.world.fabric().connections(), 0u);
  EXPECT_EQ(test.world.core().loop.timers().size(), 0u);
  return true;
}

TEST(World, DeathAtEveryStep) {
  const FramePoolStats before = FramePoolStatsNow();
  for (const Death death :
       {Death::kServer, Death::kClient, Death::kServerHost, Death::kClientHost, Death::kWorld}) {
    for (uint64_t seed = 0; seed < 2; ++seed) {
      int n = 0;
      while (DieAt(death, seed, n)) {
        ++n;
        ASSERT_EQ(FramePoolStatsNow().live_frames, before.live_frames)
            << static_cast<int>(death) << " " << seed << " " << n;
        ASSERT_FALSE(HasFailure()) << static_cast<int>(death) << " " << seed << " " << n;
      }
      EXPECT_GT(n, 50);
    }
  }
  EXPECT_EQ(FramePoolStatsNow().live_bytes, before.live_bytes);
}

}  // namespace
}  // namespace stagepost
