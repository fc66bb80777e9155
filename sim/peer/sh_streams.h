// Where the commands of the simulated shell read and write: a standard stream, a pipe, or a file.
//
// Shared by all that inherit it, as an open file description is: `2>&1` is two names for one.
#ifndef STAGEPOST_SIM_PEER_SH_STREAMS_H_
#define STAGEPOST_SIM_PEER_SH_STREAMS_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/async/semaphore.h"
#include "mta/async/task.h"
#include "mta/base/status_macros.h"
#include "mta/env/file_system.h"
#include "mta/env/stream.h"

namespace stagepost {

class ShInput {
 public:
  // `stream` is the process's, and outlives this.
  explicit ShInput(ByteSource& stream) : stream_(&stream) {}
  explicit ShInput(std::unique_ptr<ByteSource> pipe)
      : stream_(pipe.get()), pipe_(std::move(pipe)) {}
  explicit ShInput(std::unique_ptr<File> file) : file_(std::move(file)) {}

  // At most one at a time. 0: the end.
  Task<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) {
    if (stream_ != nullptr) co_return co_await stream_->Read(buffer);
    CO_ASSIGN_OR_RETURN(const size_t got, co_await file_->Read(offset_, buffer));
    offset_ += got;
    co_return got;
  }

 private:
  ByteSource* stream_ = nullptr;
  std::unique_ptr<ByteSource> pipe_;
  std::unique_ptr<File> file_;
  uint64_t offset_ = 0;
};

class ShOutput {
 public:
  // `stream` is the process's, and outlives this.
  explicit ShOutput(ByteSink& stream) : stream_(&stream) {}
  explicit ShOutput(std::unique_ptr<ByteSink> pipe) : stream_(pipe.get()), pipe_(std::move(pipe)) {}
  explicit ShOutput(std::unique_ptr<File> file) : file_(std::move(file)) {}

  // Writes all of `text`; writers that come meanwhile wait for their turn.
  Task<absl::Status> Write(absl::string_view text) {
    CO_ASSIGN_OR_RETURN(const Semaphore::Permit permit, co_await turn_.Acquire());
    if (text.empty()) co_return absl::OkStatus();
    if (stream_ != nullptr) co_return co_await WriteAll(*stream_, text);
    while (!text.empty()) {
      CO_ASSIGN_OR_RETURN(const size_t put, co_await file_->Write(offset_, text));
      offset_ += put;
      text.remove_prefix(put);
    }
    co_return absl::OkStatus();
  }

 private:
  ByteSink* stream_ = nullptr;
  std::unique_ptr<ByteSink> pipe_;
  std::unique_ptr<File> file_;
  uint64_t offset_ = 0;
  Semaphore turn_{1};
};

// What a command inherits.
struct ShStreams {
  std::shared_ptr<ShInput> input;
  std::shared_ptr<ShOutput> output, error;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_PEER_SH_STREAMS_H_
