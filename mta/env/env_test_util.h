// What tests of Environments share: expectations inside of coroutines, and small files.
#ifndef STAGEPOST_MTA_ENV_ENV_TEST_UTIL_H_
#define STAGEPOST_MTA_ENV_ENV_TEST_UTIL_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/env/environment.h"

namespace stagepost {

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
  size_t written = 0;
  while (written < text.size()) {
    CO_ASSIGN_OR_RETURN(const size_t more,
                        co_await file->Write(written, absl::string_view(text).substr(written)));
    written += more;
  }
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

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_ENV_TEST_UTIL_H_
