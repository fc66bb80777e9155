#include "mta/posix/process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>

#include "absl/strings/match.h"
#include "mta/posix/posix_test_util.h"
#include "mta/posix/title.h"

namespace stagepost {
namespace {

class ProcessTest : public PosixTest {
 protected:
  ProcessTest() { options.variables = {{"HOME", "/home/x"}, {"EMPTY", ""}}; }
};

POSIX_TEST(ProcessTest, Facts) {
  EXPECT_EQ(static_cast<pid_t>(env.process().pid()), ::getpid());
  const Credentials& own = env.process().credentials();
  EXPECT_EQ(static_cast<uid_t>(own.effective_user), ::geteuid());
  EXPECT_EQ(static_cast<gid_t>(own.saved_group), ::getegid());
  EXPECT_EQ(env.process().EnvironmentVariable("HOME"), "/home/x");
  EXPECT_EQ(env.process().EnvironmentVariable("EMPTY"), "");
  EXPECT_EQ(env.process().EnvironmentVariable("NONE"), std::nullopt);
  co_return 0;
}

Task<int> NextSignals(Environment& env, Arguments) {
  ::kill(::getpid(), SIGUSR1);  // kept from the start
  ::kill(::getpid(), SIGUSR1);
  CO_REQUIRE_ASSIGN(Signal signal, co_await env.process().NextSignal());
  EXPECT_EQ(signal, Signal::kUser1);
  const MonotonicTime deadline = env.clock().MonotonicNow() + absl::Milliseconds(5);
  absl::Status none = (co_await WithDeadline(deadline, env.process().NextSignal())).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(none)) << none;
  for (int number : {SIGHUP, SIGTERM, SIGINT}) {
    ::kill(::getpid(), number);
    CO_REQUIRE_ASSIGN(signal, co_await env.process().NextSignal());
    EXPECT_EQ(static_cast<int>(signal), number);
  }
  co_return 0;
}

TEST_F(ProcessTest, NextSignal_InOrderOfArrivalOneOfEachKind) {
  EXPECT_EQ(RunInFork(&NextSignals), 0);
}

Task<int> NobodyAsks(Environment& env, Arguments) {
  ::kill(::getpid(), SIGTERM);
  EXPECT_OK(co_await Sleep(absl::Seconds(10)));
  (void)env;
  co_return 0;
}

TEST_F(ProcessTest, NextSignal_TerminatesWhenNobodyAsks) {
  EXPECT_EQ(RunInFork(&NobodyAsks), SIGTERM);
}

Task<absl::Status> SignalSoon(int number) {
  CO_RETURN_IF_ERROR(co_await Sleep(absl::Milliseconds(5)));
  ::kill(::getpid(), number);
  co_return absl::OkStatus();
}

Task<int> WaitsForASignal(Environment& env, Arguments) {
  TaskScope scope(co_await CurrentContext(), "signal", TaskScope::Policy::kFirstError, 1);
  EXPECT_OK(scope.Spawn(&SignalSoon, SIGHUP));
  CO_REQUIRE_ASSIGN(const Signal signal, co_await env.process().NextSignal());
  EXPECT_EQ(signal, Signal::kHangup);
  EXPECT_OK(co_await scope.Join());
  co_return 0;
}

TEST_F(ProcessTest, NextSignal_Waits) { EXPECT_EQ(RunInFork(&WaitsForASignal), 0); }

// Becomes a daemon with work done before, work after, and a signal to a process of another number.
Task<int> BecomesADaemon(Environment& env, Arguments arguments) {
  const std::string directory = arguments[1];
  const pid_t before = ::getpid();
  EXPECT_OK(co_await env.files().SyncDirectory(directory));  // there are workers
  CO_REQUIRE_ASSIGN(std::unique_ptr<Listener> listener,
                    env.network().Listen({.address = {*IpAddress::Parse("127.0.0.1"), 0}}));
  const MonotonicTime soon = env.clock().MonotonicNow() + absl::Milliseconds(5);
  absl::Status none = (co_await WithDeadline(soon, listener->Accept())).status();  // is watched
  EXPECT_TRUE(absl::IsDeadlineExceeded(none)) << none;
  EXPECT_OK(env.process().Daemonise());

  EXPECT_NE(::getpid(), before);
  EXPECT_EQ(static_cast<pid_t>(env.process().pid()), ::getpid());
  EXPECT_EQ(::getsid(0), ::getpid());
  EXPECT_EQ(env.process().Daemonise().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_OK(co_await WriteAll(env.process().standard_output(), "nobody reads this"));
  EXPECT_OK(co_await Sleep(absl::Milliseconds(5)));
  TaskScope scope(co_await CurrentContext(), "signal", TaskScope::Policy::kFirstError, 1);
  EXPECT_OK(scope.Spawn(&SignalSoon, SIGTERM));
  CO_REQUIRE_ASSIGN(const Signal signal, co_await env.process().NextSignal());
  EXPECT_EQ(signal, Signal::kTerminate);
  EXPECT_OK(co_await scope.Join());
  CO_REQUIRE_ASSIGN(std::unique_ptr<Connection> client,
                    co_await env.network().Connect(listener->local(), std::nullopt));
  CO_REQUIRE_ASSIGN(std::unique_ptr<Connection> server, co_await listener->Accept());
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/tmp",
                               testing::Test::HasFailure() ? "bad" : "good"));
  EXPECT_OK(co_await env.files().SyncDirectory(directory));  // there are workers again
  EXPECT_OK(co_await env.files().Rename(directory + "/tmp", directory + "/result"));
  co_return 0;
}

TEST_F(ProcessTest, Daemonise_GoesOnInTheBackground) {
  EXPECT_EQ(RunInFork(&BecomesADaemon), 0);
  const std::string result = directory() + "/result";
  for (int i = 0; i < 10000 && ::access(result.c_str(), F_OK) != 0; ++i) ::usleep(1000);
  EXPECT_EQ(FileText(result), "good");
}

Task<int> DaemoniseWithAProgram(Environment& env, Arguments) {
  const ProgramRequest sleeper = {.path = "/bin/sleep", .arguments = {"sleep", "1000"}};
  CO_REQUIRE_ASSIGN(std::unique_ptr<Child> child, co_await env.programs().Start(sleeper));
  EXPECT_EQ(env.process().Daemonise().code(), absl::StatusCode::kFailedPrecondition);
  co_return 7;
}

TEST_F(ProcessTest, Daemonise_NotWhileProgramsRun) {
  EXPECT_EQ(WEXITSTATUS(RunInFork(&DaemoniseWithAProgram)), 7);
}

// Standard streams as they may come: each kind echoes input to output.
Task<int> Echoes(Environment& env, Arguments) {
  CO_REQUIRE_ASSIGN(const std::string text, co_await ReadAll(env.process().standard_input()));
  EXPECT_OK(co_await WriteAll(env.process().standard_output(), text));
  EXPECT_OK(co_await WriteAll(env.process().standard_error(), "done"));
  co_return 0;
}

TEST_F(ProcessTest, Streams_RegularFiles) {
  std::ofstream(directory() + "/in") << std::string(50000, 'r');
  const int in = ::open((directory() + "/in").c_str(), O_RDONLY);
  const int out = ::open((directory() + "/out").c_str(), O_WRONLY | O_CREAT, 0600);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(in, 0);
    ::dup2(out, 1);
    ::dup2(out, 2);
    ::_exit(Run(&Echoes));
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(FileText(directory() + "/out"), std::string(50000, 'r') + "done");
}

TEST_F(ProcessTest, Streams_PipesStayBlockingForOthers) {
  int in[2], out[2];
  ASSERT_EQ(::pipe(in), 0);
  ASSERT_EQ(::pipe(out), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::dup2(out[1], 2);
    for (int fd : {in[0], in[1], out[0], out[1]}) ::close(fd);
    ::_exit(Run(&Echoes));
  }
  ::close(in[0]);
  ::close(out[1]);
  const std::string text(500'000, 'p');
  for (size_t at = 0; at < text.size();) {
    const ssize_t put = ::write(in[1], text.data() + at, text.size() - at);
    ASSERT_GT(put, 0);
    at += static_cast<size_t>(put);
  }
  EXPECT_EQ(::fcntl(in[1], F_GETFL) & O_NONBLOCK, 0);
  ::close(in[1]);
  ::usleep(20'000);  // until the pipe is full
  std::string got;
  char buffer[4096];
  for (ssize_t size; (size = ::read(out[0], buffer, sizeof(buffer))) > 0;) got.append(buffer, size);
  EXPECT_EQ(::fcntl(out[0], F_GETFL) & O_NONBLOCK, 0);
  ::close(out[0]);
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(got, text + "done");
}

Task<int> BecomesItself(Environment& env, Arguments) {
  const Identity own = env.process().credentials().effective();
  EXPECT_OK(env.process().BecomePermanently(own));
  EXPECT_EQ(env.process().credentials().effective(), own);
  co_return 0;
}

TEST_F(ProcessTest, BecomePermanently_OwnIdentity) { EXPECT_EQ(RunInFork(&BecomesItself), 0); }

TEST(TitleTest, WritesOverTheArguments) {
  const pid_t child = ::fork();
  if (child == 0) {
    // As main() finds them: behind each other.
    static char memory[] = "program\0-option\0argument\0";
    char* argv[] = {memory, memory + 8, memory + 16, nullptr};
    TitleArea title = TitleArea::Take(3, argv);
    title.Set("mta: accepting connections");
    char name[16];
    ::prctl(PR_GET_NAME, name);
    const bool cut = absl::string_view(memory) == "mta: accepting connectio";
    const bool named = absl::string_view(name) == "mta";
    title.Set("mta: ok");
    const bool padded = absl::string_view(memory) == "mta: ok" && memory[24] == ' ';
    const char* const path = ::getenv("PATH");
    ::_exit(cut && named && padded && path != nullptr ? 0 : 1 + cut + 2 * named + 4 * padded);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace stagepost
