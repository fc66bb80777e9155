// What tests, fuzzers and benchmarks of the Berkeley DB reader share: a file in memory, and tasks
// that run to their end at once.
#ifndef STAGEPOST_MTA_MAPS_DB_TEST_UTIL_H_
#define STAGEPOST_MTA_MAPS_DB_TEST_UTIL_H_

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/async/executor.h"
#include "mta/async/loop.h"
#include "mta/base/check.h"
#include "mta/base/errno.h"
#include "mta/env/file_system.h"

namespace stagepost {

// An open file whose bytes are somebody else's. Everything completes inline; what would change it
// fails with kEROFS.
class MemoryFile final : public File {
 public:
  explicit MemoryFile(absl::string_view bytes) : bytes_(bytes) { stat.size = bytes.size(); }

  FileStat stat;
  size_t longest_read = SIZE_MAX;
  // Reads from this offset on fail with kEIO.
  uint64_t broken_from = UINT64_MAX;

  Operation<absl::StatusOr<size_t>> Read(uint64_t offset, absl::Span<char> buffer) override {
    using Result = absl::StatusOr<size_t>;
    if (offset >= broken_from) return Result(ErrnoStatus(Errno::kEIO, "read"));
    if (offset >= bytes_.size()) return Result(size_t{0});
    const size_t size =
        std::min({buffer.size(), longest_read, bytes_.size() - static_cast<size_t>(offset)});
    std::memcpy(buffer.data(), bytes_.data() + offset, size);
    return Result(size);
  }
  Operation<absl::StatusOr<FileStat>> Stat() override { return absl::StatusOr<FileStat>(stat); }

  Operation<absl::StatusOr<size_t>> Write(uint64_t, absl::string_view) override {
    return absl::StatusOr<size_t>(ReadOnly());
  }
  Operation<absl::Status> Truncate(uint64_t) override { return ReadOnly(); }
  Operation<absl::Status> ChangeMode(FileMode) override { return ReadOnly(); }
  Operation<absl::Status> ChangeOwner(std::optional<UserId>, std::optional<GroupId>) override {
    return ReadOnly();
  }
  Operation<absl::Status> Sync() override { return absl::OkStatus(); }
  Operation<absl::Status> Lock(LockKind, LockMode, LockWait) override { return absl::OkStatus(); }
  Operation<absl::Status> Unlock(LockKind) override { return absl::OkStatus(); }

 private:
  static absl::Status ReadOnly() { return ErrnoStatus(Errno::kEROFS, "write"); }
  const absl::string_view bytes_;
};

// Runs tasks that wait for nothing.
class TaskRunner {
 public:
  // f(args...), a Task<T>, to its end.
  template <class F, class... Args>
  auto Run(F f, Args... args) {
    using T = typename std::invoke_result_t<F, std::unwrap_reference_t<Args>...>::Result;
    std::optional<T> result;
    executor_.Start([&](T value) { result.emplace(std::move(value)); }, f, std::move(args)...);
    loop_.RunUntilIdle();
    CHECK(result.has_value());
    return *std::move(result);
  }

 private:
  Loop loop_;
  Executor executor_{loop_};
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_DB_TEST_UTIL_H_
