// What the tests of this folder share.
//
// A case is a program: POSIX_TEST(Suite, Name) { … co_return 0; } runs in an Environment of its own
// whose working directory is the test's; `directory` is a fresh temporary directory. Cases about
// one call and one error are named Call_ERRNO, so that they can become contract cases that run in
// the simulator too.
#ifndef STAGEPOST_MTA_POSIX_POSIX_TEST_UTIL_H_
#define STAGEPOST_MTA_POSIX_POSIX_TEST_UTIL_H_

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "mta/async/deadline.h"
#include "mta/async/scope.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/env/env_test_util.h"
#include "mta/env/environment.h"
#include "mta/posix/environment.h"
#include "mta/posix/signals.h"

namespace stagepost {

class PosixTest : public testing::Test {
 protected:
  // `base` is where the directory is made.
  explicit PosixTest(const std::string& base = testing::TempDir()) {
    PrepareSignals();
    std::string name = absl::StrCat(base, "/posix_test.XXXXXX");
    if (::mkdtemp(name.data()) != nullptr) directory_ = std::filesystem::canonical(name);
  }
  ~PosixTest() override { std::filesystem::remove_all(directory_); }

  const std::string& directory() const { return directory_; }
  // Whatever of PosixOptions a suite sets for its cases.
  PosixOptions options;

  // Runs `main` with the directory as its argument.
  int Run(Program main) {
    PosixOptions own = options;
    own.arguments = {"posix_test", directory_};
    PosixEnvironment environment(std::move(own));
    return environment.Run(main);
  }

  // Runs `main` in a process of its own, for cases that change the process. Gives what waitpid(2)
  // says; a failed expectation there is an exit code of 99.
  int RunInFork(Program main) {
    const pid_t child = ::fork();
    if (child == 0) {
      const int code = Run(main);
      ::_exit(HasFailure() ? 99 : code);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
  }

 private:
  std::string directory_;
};

#define POSIX_TEST(Suite, Name)                                                       \
  static Task<int> Suite##Name##Main(Environment& env, const std::string& directory); \
  static Task<int> Suite##Name##Program(Environment& env, Arguments arguments) {      \
    co_return co_await Suite##Name##Main(env, arguments[1]);                          \
  }                                                                                   \
  TEST_F(Suite, Name) { EXPECT_EQ(Run(&Suite##Name##Program), 0); }                   \
  static Task<int> Suite##Name##Main([[maybe_unused]] Environment& env,               \
                                     [[maybe_unused]] const std::string& directory)

// Behind the Environment's back.
inline std::string FileText(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_POSIX_TEST_UTIL_H_
