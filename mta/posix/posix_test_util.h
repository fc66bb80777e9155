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
#include "mta/env/environment.h"
#include "mta/posix/environment.h"
#include "mta/posix/signals.h"

namespace stagepost {

class PosixTest : public testing::Test {
 protected:
  PosixTest() {
    PrepareSignals();
    std::string name = absl::StrCat(testing::TempDir(), "/posix_test.XXXXXX");
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

// Ends the case when `expression` is not true.
#define CO_REQUIRE(expression)            \
  do {                                    \
    const bool required = (expression);   \
    EXPECT_TRUE(required) << #expression; \
    if (!required) co_return 1;           \
  } while (false)

// As ASSIGN_OR_RETURN, for cases.
#define CO_REQUIRE_ASSIGN(declaration, expression) \
  CO_REQUIRE_ASSIGN_INNER(STAGEPOST_CONCAT(required_, __LINE__), declaration, expression)
#define CO_REQUIRE_ASSIGN_INNER(holder, declaration, expression) \
  auto holder = (expression);                                    \
  EXPECT_TRUE(holder.ok()) << holder.status();                   \
  if (!holder.ok()) co_return 1;                                 \
  declaration = *std::move(holder)

#define EXPECT_OK(expression)                   \
  do {                                          \
    const absl::Status expected = (expression); \
    EXPECT_TRUE(expected.ok()) << expected;     \
  } while (false)

#define EXPECT_ERRNO(expression, errno_name)                          \
  do {                                                                \
    const absl::Status expected = (expression);                       \
    EXPECT_EQ(ErrnoName(ErrnoOf(expected)), #errno_name) << expected; \
  } while (false)

// Opens, for cases in which it must succeed or which want the status alone.
inline Task<absl::Status> TryOpen(FileSystem& files, std::string path, OpenOptions options) {
  absl::StatusOr<std::unique_ptr<File>> file = co_await files.Open(path, options);
  co_return file.status();
}

inline constexpr OpenOptions kReadOnly = {.read = true};
inline constexpr OpenOptions kCreate = {.read = true, .write = true, .create = true, .mode = 0644};

inline Task<absl::Status> WriteFile(FileSystem& files, std::string path, std::string text) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<File> file, co_await files.Open(path, kCreate));
  CO_ASSIGN_OR_RETURN(const size_t written, co_await file->Write(0, text));
  if (written != text.size()) co_return absl::DataLossError("short write");
  co_return absl::OkStatus();
}

// All that a stream gives.
inline Task<absl::StatusOr<std::string>> ReadAll(ByteSource& source) {
  std::string all;
  std::vector<char> buffer(10000);
  while (true) {
    CO_ASSIGN_OR_RETURN(const size_t got, co_await source.Read(absl::MakeSpan(buffer)));
    if (got == 0) co_return all;
    all.append(buffer.data(), got);
  }
}

// Behind the Environment's back.
inline std::string FileText(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_POSIX_TEST_UTIL_H_
