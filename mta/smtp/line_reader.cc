#include "mta/smtp/line_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/types/span.h"
#include "mta/async/deadline.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"

namespace stagepost {

LineReader::LineReader(ByteSource& source, size_t max_line, size_t input_bytes)
    : source_(source),
      max_line_(max_line),
      input_bytes_(input_bytes),
      buffer_(std::make_unique_for_overwrite<char[]>(kIdleBufferBytes)),
      room_(kIdleBufferBytes) {
  CHECK(max_line > 0 && max_line <= input_bytes);
}

bool LineReader::HasLine() const { return absl::StrContains(buffered(), '\n'); }

void LineReader::Consume(size_t bytes) {
  CHECK(bytes <= size());
  begin_ += bytes;
  if (begin_ == end_) begin_ = end_ = 0;
}

void LineReader::Resize(size_t bytes) {
  bytes = std::max(bytes, size());
  std::unique_ptr<char[]> other;
  if (bytes != room_) other = std::make_unique_for_overwrite<char[]>(bytes);
  char* const to = other == nullptr ? buffer_.get() : other.get();
  std::memmove(to, buffer_.get() + begin_, size());
  end_ = size();
  begin_ = 0;
  if (other != nullptr) buffer_ = std::move(other);
  room_ = bytes;
}

Task<absl::Status> LineReader::Read(MonotonicTime deadline) {
  CHECK(end_ < room_);
  CO_ASSIGN_OR_RETURN(const size_t read,
                      co_await WithDeadline(deadline, source_.Read(absl::MakeSpan(
                                                          buffer_.get() + end_, room_ - end_))));
  if (read == 0) co_return absl::OutOfRangeError("end of stream");
  end_ += read;
  co_return absl::OkStatus();
}

Task<absl::Status> LineReader::Fill(MonotonicTime deadline) {
  Resize(input_bytes_);
  co_return co_await Read(deadline);
}

Task<absl::Status> LineReader::FillSome(MonotonicTime deadline) {
  CHECK(size() == 0);
  co_return co_await Read(deadline);
}

Task<absl::StatusOr<absl::string_view>> LineReader::ReadLine(MonotonicTime deadline) {
  size_t searched = 0;
  while (true) {
    const size_t newline = buffered().find('\n', searched);
    const size_t length = newline == absl::string_view::npos ? size() : newline + 1;
    if (length > max_line_) co_return absl::ResourceExhaustedError("line too long");
    if (newline != absl::string_view::npos) {
      absl::string_view line = buffered().substr(0, newline);
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      Consume(length);  // the bytes stay where they are until the next Fill()
      co_return line;
    }
    searched = size();
    Resize(searched == 0 ? std::min(max_line_, kIdleBufferBytes) : input_bytes_);
    CO_RETURN_IF_ERROR(co_await Read(deadline));
  }
}

}  // namespace stagepost
