// The rows of the table of calls: what is called, and the results for each caller.
#ifndef STAGEPOST_CONFORMANCE_CONTRACT_FILE_SYSTEM_CONTRACT_ROWS_H_
#define STAGEPOST_CONFORMANCE_CONTRACT_FILE_SYSTEM_CONTRACT_ROWS_H_

#include <optional>
#include <string>
#include <vector>

#include "conformance/contract/file_system_contract_util.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"

namespace stagepost {

// One call on the tree of MakeTree(), whose path is `at`.
struct Row {
  const char* name;
  Task<absl::Status> (*act)(FileSystem& files, const std::string& at);
  Errno results[kCallers];  // by Who
};

// What is about /proc/sys/fs/`setting` holds only where that is `level` or more.
struct ProtectedRow {
  const char* setting;
  int level;
  Row row;
};

inline constexpr UserId kOwnerId{4001};
inline constexpr UserId kSomebody{4777};
inline constexpr auto kSame = std::nullopt;

std::vector<Row> RowsOfNames();  // look-up, making, removing, renaming
std::vector<Row> RowsOfFiles();  // opening, attributes, open files
std::vector<ProtectedRow> RowsOfProtection();

inline std::string LongName() { return std::string(256, 'n'); }
inline std::string LongPath() { return std::string(4096, 'p'); }

// The status of one call. `p` is the directory's path and a slash.
#define CALL(expression)                                                \
  +[](FileSystem& files, const std::string& at) -> Task<absl::Status> { \
    const std::string p = at + "/";                                     \
    co_return StatusOf(co_await files.expression);                      \
  }
#define OPEN(path, ...)                                                 \
  +[](FileSystem& files, const std::string& at) -> Task<absl::Status> { \
    const std::string p = at + "/";                                     \
    const OpenOptions options = {__VA_ARGS__};                          \
    co_return StatusOf(co_await files.Open(path, options));             \
  }
// Opens, which must work, then calls the file.
#define ON_FILE(path, expression, ...)                                               \
  +[](FileSystem& files, const std::string& at) -> Task<absl::Status> {              \
    const std::string p = at + "/";                                                  \
    const OpenOptions options = {__VA_ARGS__};                                       \
    absl::StatusOr<std::unique_ptr<File>> file = co_await files.Open(path, options); \
    EXPECT_TRUE(file.ok()) << file.status();                                         \
    if (!file.ok()) co_return file.status();                                         \
    [[maybe_unused]] char buffer[16];                                                \
    co_return StatusOf(co_await (*file)->expression);                                \
  }
#define ALL(error) {error, error, error, error}
#define ROOT_ONLY(error) {kOk, error, error, error}
#define OWNER_TOO(error) {kOk, kOk, error, error}
#define MEMBER_TOO(error) {kOk, kOk, kOk, error}

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_CONTRACT_FILE_SYSTEM_CONTRACT_ROWS_H_
