#include "mta/posix/programs.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "absl/strings/match.h"
#include "mta/posix/posix_test_util.h"

namespace stagepost {
namespace {

class ProgramsTest : public PosixTest {};

struct Finished {
  ExitStatus status;
  std::string output;
};

// Runs a shell command to its end.
Task<absl::StatusOr<Finished>> Shell(Environment& env, std::string command,
                                     std::optional<Identity> identity = std::nullopt) {
  ProgramRequest request = {.path = "/bin/sh",
                            .arguments = {"sh", "-c", command},
                            .environment = {{"NAME", "value"}},
                            .identity = identity,
                            .pipe_output = true};
  CO_ASSIGN_OR_RETURN(std::unique_ptr<Child> child, co_await env.programs().Start(request));
  std::unique_ptr<ByteSource> output = child->TakeOutput();
  Finished finished;
  CO_ASSIGN_OR_RETURN(finished.output, co_await ReadAll(*output));
  CO_ASSIGN_OR_RETURN(finished.status, co_await child->Wait());
  co_return finished;
}

Task<absl::Status> TryStart(Environment& env, ProgramRequest request) {
  co_return (co_await env.programs().Start(request)).status();
}

POSIX_TEST(ProgramsTest, Start_ExitCode) {
  CO_REQUIRE_ASSIGN(const Finished finished, co_await Shell(env, "exit 75"));
  EXPECT_EQ(finished.status.code, 75);
  EXPECT_FALSE(finished.status.killed_by.has_value());
  EXPECT_FALSE(finished.status.ok());
  const ProgramRequest no = {.path = "/bin/false", .arguments = {"false"}};
  CO_REQUIRE_ASSIGN(std::unique_ptr<Child> child, co_await env.programs().Start(no));
  EXPECT_EQ(child->TakeInput(), nullptr);
  EXPECT_EQ(child->TakeOutput(), nullptr);
  for (int again = 0; again < 2; ++again) {
    CO_REQUIRE_ASSIGN(const ExitStatus status, co_await child->Wait());
    EXPECT_EQ(status.code, 1);
  }
  co_return 0;
}

POSIX_TEST(ProgramsTest, Start_ExactlyThisEnvironment) {
  // The shell adds where it is.
  CO_REQUIRE_ASSIGN(const Finished finished, co_await Shell(env, "env"));
  EXPECT_EQ(finished.output, "NAME=value\nPWD=/\n");
  co_return 0;
}

// Nothing but the three standard streams, no ignored and no blocked signals.
POSIX_TEST(ProgramsTest, Start_CleanDescriptorsAndSignals) {
  const int leak = ::open("/dev/null", O_RDONLY);
  CO_REQUIRE_ASSIGN(Finished finished, co_await Shell(env, "echo /proc/self/fd/*"));
  ::close(leak);
  // The shell itself has one open while it lists.
  EXPECT_EQ(finished.output, "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3\n");
  CO_REQUIRE_ASSIGN(finished, co_await Shell(env, "cat /proc/self/status"));
  for (const char* kind : {"SigBlk", "SigIgn", "SigCgt"}) {
    const std::string none = absl::StrCat("\n", kind, ":\t0000000000000000\n");
    EXPECT_TRUE(absl::StrContains(finished.output, none)) << finished.output;
  }
  co_return 0;
}

Task<absl::Status> Feed(ByteSink& sink, size_t size) {
  co_return co_await WriteAll(sink, std::string(size, 'c'));
}

Task<absl::Status> FeedAndClose(std::unique_ptr<ByteSink> sink, size_t size) {
  co_return co_await Feed(*sink, size);
}

POSIX_TEST(ProgramsTest, Pipes_CarryMuchBothWays) {
  constexpr size_t kSize = 3'000'000;
  const ProgramRequest cat = {
      .path = "/bin/cat", .arguments = {"cat"}, .pipe_input = true, .pipe_output = true};
  CO_REQUIRE_ASSIGN(std::unique_ptr<Child> child, co_await env.programs().Start(cat));
  std::unique_ptr<ByteSource> output = child->TakeOutput();
  TaskScope scope(co_await CurrentContext(), "feed", TaskScope::Policy::kFirstError, 1);
  EXPECT_OK(scope.Spawn(&FeedAndClose, child->TakeInput(), kSize));
  CO_REQUIRE_ASSIGN(const std::string text, co_await ReadAll(*output));
  EXPECT_EQ(text.size(), kSize);
  EXPECT_OK(co_await scope.Join());
  CO_REQUIRE_ASSIGN(const ExitStatus status, co_await child->Wait());
  EXPECT_TRUE(status.ok());
  co_return 0;
}

POSIX_TEST(ProgramsTest, Write_EPIPE) {
  const ProgramRequest no = {.path = "/bin/false", .arguments = {"false"}, .pipe_input = true};
  CO_REQUIRE_ASSIGN(std::unique_ptr<Child> child, co_await env.programs().Start(no));
  std::unique_ptr<ByteSink> input = child->TakeInput();
  absl::Status status;
  while (status.ok()) status = co_await WriteAll(*input, "anybody?");
  EXPECT_ERRNO(status, EPIPE);
  EXPECT_TRUE(absl::IsUnavailable(status));
  co_return 0;
}

POSIX_TEST(ProgramsTest, Error_IsAPipeOfItsOwn) {
  const ProgramRequest request = {
      .path = "/bin/sh", .arguments = {"sh", "-c", "echo out; echo err >&2"}, .pipe_error = true};
  CO_REQUIRE_ASSIGN(std::unique_ptr<Child> child, co_await env.programs().Start(request));
  std::unique_ptr<ByteSource> error = child->TakeError();
  CO_REQUIRE_ASSIGN(const std::string text, co_await ReadAll(*error));
  EXPECT_EQ(text, "err\n");
  co_return 0;
}

POSIX_TEST(ProgramsTest, Start_ENOENT) {
  absl::Status status = co_await TryStart(env, {.path = "/none/at/all", .arguments = {"none"}});
  EXPECT_ERRNO(status, ENOENT);
  EXPECT_EQ(status.message(), "exec /none/at/all: No such file or directory");
  status = co_await TryStart(
      env, {.path = "/bin/true", .arguments = {"true"}, .working_directory = "/none"});
  EXPECT_ERRNO(status, ENOENT);
  EXPECT_EQ(status.message(), "chdir /none for /bin/true: No such file or directory");
  co_return 0;
}

POSIX_TEST(ProgramsTest, Start_EACCES) {
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/a", "#!/bin/sh\n"));
  EXPECT_ERRNO(co_await TryStart(env, {.path = directory + "/a", .arguments = {"a"}}), EACCES);
  EXPECT_ERRNO(co_await TryStart(env, {.path = directory, .arguments = {"a"}}), EACCES);
  co_return 0;
}

POSIX_TEST(ProgramsTest, Start_ENOEXEC) {
  EXPECT_OK(co_await WriteFile(env.files(), directory + "/a", "this is no program"));
  EXPECT_OK(co_await env.files().ChangeMode(directory + "/a", 0700));
  EXPECT_ERRNO(co_await TryStart(env, {.path = directory + "/a", .arguments = {"a"}}), ENOEXEC);
  co_return 0;
}

POSIX_TEST(ProgramsTest, Start_EINVAL_NulInArgument) {
  const std::string nul("a\0b", 3);
  EXPECT_ERRNO(co_await TryStart(env, {.path = "/bin/true", .arguments = {"true", nul}}), EINVAL);
  co_return 0;
}

POSIX_TEST(ProgramsTest, Start_ManyFailuresLeaveNothingBehind) {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {  // of cases before
  }
  for (int i = 0; i < 2000; ++i) {
    absl::Status status = co_await TryStart(env, {.path = "/none", .arguments = {"none"}});
    CO_REQUIRE(ErrnoOf(status) == Errno::kENOENT);
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
  co_return 0;
}

POSIX_TEST(ProgramsTest, Kill_KilledBy) {
  const ProgramRequest sleeper = {.path = "/bin/sleep", .arguments = {"sleep", "1000"}};
  CO_REQUIRE_ASSIGN(std::unique_ptr<Child> child, co_await env.programs().Start(sleeper));
  const MonotonicTime deadline = env.clock().MonotonicNow() + absl::Milliseconds(10);
  absl::Status status = (co_await WithDeadline(deadline, child->Wait())).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(status)) << status;
  child->Kill(Signal::kTerminate);
  CO_REQUIRE_ASSIGN(const ExitStatus end, co_await child->Wait());
  CO_REQUIRE(end.killed_by.has_value());
  EXPECT_EQ(*end.killed_by, Signal::kTerminate);
  EXPECT_FALSE(end.ok());
  co_return 0;
}

POSIX_TEST(ProgramsTest, Destroy_KillsAndReaps) {
  const ProgramRequest sleeper = {.path = "/bin/sleep", .arguments = {"sleep", "1000"}};
  CO_REQUIRE_ASSIGN(std::unique_ptr<Child> child, co_await env.programs().Start(sleeper));
  const pid_t pid = static_cast<pid_t>(child->pid());
  EXPECT_EQ(::kill(pid, 0), 0);
  child.reset();
  while (::kill(pid, 0) == 0) EXPECT_OK(co_await Sleep(absl::Milliseconds(1)));
  EXPECT_EQ(errno, ESRCH);
  co_return 0;
}

class PrivateProgramsTest : public PosixTest {
 protected:
  PrivateProgramsTest() { options.private_root = directory(); }
};

POSIX_TEST(PrivateProgramsTest, Start_BelowTheRootWhichIsHandedOn) {
  EXPECT_OK(co_await WriteFile(env.files(), "/tool", "#!/bin/sh\necho $STAGEPOST_ROOT; pwd\n"));
  EXPECT_OK(co_await env.files().ChangeMode("/tool", 0700));
  const ProgramRequest request = {.path = "/tool", .arguments = {"tool"}, .pipe_output = true};
  CO_REQUIRE_ASSIGN(std::unique_ptr<Child> child, co_await env.programs().Start(request));
  std::unique_ptr<ByteSource> output = child->TakeOutput();
  CO_REQUIRE_ASSIGN(const std::string text, co_await ReadAll(*output));
  EXPECT_EQ(text, absl::StrCat(directory, "\n", directory, "\n"));
  co_return 0;
}

// Helpers die with whoever started them, however that ends.
Task<int> StartsASleeperAndDies(Environment& env, Arguments arguments) {
  const ProgramRequest sleeper = {.path = "/bin/sleep", .arguments = {"sleep", "1000"}};
  CO_REQUIRE_ASSIGN(std::unique_ptr<Child> child, co_await env.programs().Start(sleeper));
  const std::string pid = absl::StrCat(static_cast<int>(child->pid()));
  EXPECT_OK(co_await WriteFile(env.files(), arguments[1] + "/pid", pid));
  ::kill(::getpid(), SIGKILL);
  co_return 0;
}

TEST_F(ProgramsTest, ParentKilled_ChildDies) {
  EXPECT_EQ(RunInFork(&StartsASleeperAndDies), SIGKILL);
  const std::string stat = absl::StrCat("/proc/", FileText(directory() + "/pid"), "/stat");
  const auto alive = [&] {
    const std::string text = FileText(stat);
    return !text.empty() && !absl::StrContains(text, ") Z ");  // whoever adopted it reaps it
  };
  for (int i = 0; i < 5000 && alive(); ++i) ::usleep(1000);
  EXPECT_FALSE(alive());
}

// --- Limits, as the shell sees them; what they do is in the contract.

// What `ulimit` says of a program with these limits.
Task<absl::StatusOr<std::string>> Ulimit(Environment& env, ProgramLimits limits,
                                         std::string options) {
  const ProgramRequest request = {
      .path = "/bin/sh", .arguments = {"sh", "-c", options}, .pipe_output = true, .limits = limits};
  CO_ASSIGN_OR_RETURN(std::unique_ptr<Child> child, co_await env.programs().Start(request));
  const std::unique_ptr<ByteSource> output = child->TakeOutput();
  CO_ASSIGN_OR_RETURN(std::string text, co_await ReadAll(*output));
  CO_ASSIGN_OR_RETURN(const ExitStatus status, co_await child->Wait());
  EXPECT_TRUE(status.ok());
  co_return text;
}

POSIX_TEST(ProgramsTest, LimitsAreTheKernels) {
  const ProgramLimits limits = {.cpu_time = absl::Milliseconds(2500),
                                .address_space_bytes = 512 << 20,
                                .open_files = 60,
                                .file_bytes = 1 << 20,
                                .core_bytes = 0};
  // In seconds, KiB, descriptors, and blocks of 512 bytes.
  CO_REQUIRE_ASSIGN(
      const std::string soft,
      co_await Ulimit(env, limits, "ulimit -St; ulimit -Sv; ulimit -Sn; ulimit -Sf; ulimit -Sc"));
  EXPECT_EQ(soft, "3\n524288\n60\n2048\n0\n");
  CO_REQUIRE_ASSIGN(
      const std::string hard,
      co_await Ulimit(env, limits, "ulimit -Ht; ulimit -Hv; ulimit -Hn; ulimit -Hf; ulimit -Hc"));
  EXPECT_EQ(hard, "8\n524288\n60\n2048\n0\n");
  co_return 0;
}

POSIX_TEST(ProgramsTest, LimitsNotAskedForAreOurs) {
  rlimit own = {};
  EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &own), 0);
  CO_REQUIRE_ASSIGN(const std::string soft, co_await Ulimit(env, {}, "ulimit -Sn"));
  EXPECT_EQ(soft, absl::StrCat(own.rlim_cur, "\n"));
  CO_REQUIRE_ASSIGN(const std::string more,
                    co_await Ulimit(env, {.open_files = uint64_t{1} << 40}, "ulimit -Hn"));
  EXPECT_EQ(more, absl::StrCat(own.rlim_max, "\n"));
  co_return 0;
}

// The kernel cannot even lay out the program, or the program cannot start up.
POSIX_TEST(ProgramsTest, WithoutAddressSpaceNothingRuns) {
  const ProgramRequest request = {.path = "/bin/sh",
                                  .arguments = {"sh", "-c", "exit 0"},
                                  .limits = {.address_space_bytes = 4096}};
  const auto child = co_await env.programs().Start(request);
  if (!child.ok()) co_return 0;
  CO_REQUIRE_ASSIGN(const ExitStatus status, co_await (*child)->Wait());
  EXPECT_FALSE(status.ok());
  co_return 0;
}

}  // namespace
}  // namespace stagepost
