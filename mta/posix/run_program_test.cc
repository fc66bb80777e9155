#include "mta/posix/run_program.h"

#include <fcntl.h>
#include <stdlib.h>

#include "mta/posix/posix_test_util.h"

namespace stagepost {
namespace {

class RunProgramTest : public PosixTest {
 protected:
  // RunProgram() as main() would call it, in a process of its own; gives the exit code.
  int RunAsMain(Program main, const char* root) {
    const pid_t child = ::fork();
    if (child == 0) {
      if (root != nullptr) ::setenv("STAGEPOST_ROOT", root, 1);
      ::close(STDIN_FILENO);
      ::close(STDOUT_FILENO);
      char memory[] = "/sbin/program\0-option";
      char* argv[] = {memory, memory + 14, nullptr};
      const int code = RunProgram(main, 2, argv);
      ::_exit(HasFailure() ? 99 : code);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  }
};

Task<int> LooksAround(Environment& env, Arguments arguments) {
  EXPECT_EQ(arguments, (Arguments{"/sbin/program", "-option"}));
  CO_REQUIRE_ASSIGN(const std::string input, co_await ReadAll(env.process().standard_input()));
  EXPECT_EQ(input, "");  // it was closed, and became /dev/null
  EXPECT_OK(co_await WriteAll(env.process().standard_output(), "nobody reads this"));
  EXPECT_TRUE(env.process().EnvironmentVariable("PATH").has_value());
  EXPECT_LT(::fcntl(100, F_GETFD), 0);
  EXPECT_FALSE(env.probes().Buggify("posix/test"));
  co_return 42;
}

TEST_F(RunProgramTest, PutsTheProcessInOrder) {
  ASSERT_EQ(::dup2(STDERR_FILENO, 100), 100);
  EXPECT_EQ(RunAsMain(&LooksAround, nullptr), 42);
  ::close(100);
}

Task<int> MakesADirectory(Environment& env, Arguments) {
  EXPECT_OK(co_await env.files().MakeDirectory("/made", 0700));
  co_return 7;
}

TEST_F(RunProgramTest, PrivateRootFromTheEnvironmentVariable) {
  EXPECT_EQ(RunAsMain(&MakesADirectory, directory().c_str()), 7);
  EXPECT_TRUE(std::filesystem::is_directory(directory() + "/made"));
  EXPECT_EQ(RunAsMain(&MakesADirectory, "relative"), 78);
}

}  // namespace
}  // namespace stagepost
