#include "sim/world/sim_pipe.h"

#include <algorithm>
#include <utility>

#include "mta/base/check.h"
#include "mta/base/errno.h"
#include "sim/world/byte_queue.h"

namespace stagepost {
namespace {

class PipeRead;
class PipeWrite;

struct PipeState {
  ByteQueue bytes;
  bool source_open = true;
  bool sink_open = true;
  PipeRead* reader = nullptr;
  PipeWrite* writer = nullptr;

  size_t Put(absl::string_view more) {
    const size_t n = std::min(more.size(), kPipeBytes - bytes.size());
    bytes.Append(more.substr(0, n));
    return n;
  }
};

absl::Status BrokenPipe() { return ErrnoStatus(Errno::kEPIPE, "write"); }

class PipeRead final : public PendingOperation<absl::StatusOr<size_t>> {
 public:
  PipeRead(std::shared_ptr<PipeState> state, absl::Span<char> buffer)
      : state_(std::move(state)), buffer_(buffer) {}
  ~PipeRead() override {
    if (state_->reader == this) state_->reader = nullptr;
  }
  void Wake() {
    state_->reader = nullptr;
    Finish(state_->bytes.Take(buffer_));
  }

 private:
  void Start() override {
    CHECK(state_->reader == nullptr) << "two reads of a pipe at a time";
    state_->reader = this;
  }
  void OnStop() override {
    state_->reader = nullptr;
    PendingOperation::OnStop();
  }
  std::shared_ptr<PipeState> state_;
  absl::Span<char> buffer_;
};

class PipeWrite final : public PendingOperation<absl::StatusOr<size_t>> {
 public:
  PipeWrite(std::shared_ptr<PipeState> state, absl::string_view bytes)
      : state_(std::move(state)), bytes_(bytes) {}
  ~PipeWrite() override {
    if (state_->writer == this) state_->writer = nullptr;
  }
  void Wake() {
    state_->writer = nullptr;
    if (state_->source_open) {
      Finish(state_->Put(bytes_));
    } else {
      Finish(BrokenPipe());
    }
  }

 private:
  void Start() override {
    CHECK(state_->writer == nullptr) << "two writes to a pipe at a time";
    state_->writer = this;
  }
  void OnStop() override {
    state_->writer = nullptr;
    PendingOperation::OnStop();
  }
  std::shared_ptr<PipeState> state_;
  absl::string_view bytes_;
};

class PipeSource final : public ByteSource {
 public:
  explicit PipeSource(std::shared_ptr<PipeState> state) : state_(std::move(state)) {}
  ~PipeSource() override {
    state_->source_open = false;
    if (state_->writer != nullptr) state_->writer->Wake();
  }
  Operation<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override {
    if (state_->bytes.empty() && state_->sink_open) {
      return Operation<absl::StatusOr<size_t>>(new PipeRead(state_, buffer));
    }
    const size_t n = state_->bytes.Take(buffer);
    if (state_->writer != nullptr) state_->writer->Wake();
    return absl::StatusOr<size_t>(n);
  }

 private:
  std::shared_ptr<PipeState> state_;
};

class PipeSink final : public ByteSink {
 public:
  explicit PipeSink(std::shared_ptr<PipeState> state) : state_(std::move(state)) {}
  ~PipeSink() override {
    state_->sink_open = false;
    if (state_->reader != nullptr) state_->reader->Wake();
  }
  Operation<absl::StatusOr<size_t>> Write(absl::string_view bytes) override {
    if (!state_->source_open) return absl::StatusOr<size_t>(BrokenPipe());
    if (state_->bytes.size() >= kPipeBytes) {
      return Operation<absl::StatusOr<size_t>>(new PipeWrite(state_, bytes));
    }
    const size_t n = state_->Put(bytes);
    if (state_->reader != nullptr) state_->reader->Wake();
    return absl::StatusOr<size_t>(n);
  }

 private:
  std::shared_ptr<PipeState> state_;
};

class TextSource final : public ByteSource {
 public:
  explicit TextSource(absl::string_view text) { text_.Append(text); }
  Operation<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override {
    return absl::StatusOr<size_t>(text_.Take(buffer));
  }

 private:
  ByteQueue text_;
};

class StringSink final : public ByteSink {
 public:
  explicit StringSink(std::string* captured) : captured_(captured) {}
  Operation<absl::StatusOr<size_t>> Write(absl::string_view bytes) override {
    if (captured_ != nullptr) captured_->append(bytes.data(), bytes.size());
    return absl::StatusOr<size_t>(bytes.size());
  }

 private:
  std::string* captured_;
};

}  // namespace

SimPipe MakeSimPipe() {
  auto state = std::make_shared<PipeState>();
  return {std::make_unique<PipeSource>(state), std::make_unique<PipeSink>(state)};
}

std::unique_ptr<ByteSource> MakeNullSource() { return std::make_unique<TextSource>(""); }
std::unique_ptr<ByteSink> MakeNullSink() { return std::make_unique<StringSink>(nullptr); }
std::unique_ptr<ByteSource> MakeTextSource(absl::string_view text) {
  return std::make_unique<TextSource>(text);
}
std::unique_ptr<ByteSink> MakeCapturingSink(std::string* captured) {
  return std::make_unique<StringSink>(captured);
}

}  // namespace stagepost
