// Reads what a client sends through one bounded buffer: commands as lines, message data as it
// comes.
//
//   LineReader reader(connection);
//   CO_ASSIGN_OR_RETURN(absl::string_view line, co_await reader.ReadLine(deadline));
//
// Whatever the client has sent ahead (pipelining, RFC 2920) stays in the buffer for whoever reads
// next; no byte is looked at twice by two readers. The reader never reads more than its buffer
// holds, and lets go of most of it while it waits for a line.
#ifndef STAGEPOST_MTA_SMTP_LINE_READER_H_
#define STAGEPOST_MTA_SMTP_LINE_READER_H_

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/base/time.h"
#include "mta/env/stream.h"

namespace stagepost {

// Bytes of a client that are kept in memory: what one read may bring, as a rule.
inline constexpr size_t kInputBufferBytes = 8192;
// What is kept while a client has nothing to say.
inline constexpr size_t kIdleBufferBytes = 2048;

class LineReader {
 public:
  // `source` outlives the reader. One read brings `input_bytes` at most. REQUIRES: max_line <=
  // input_bytes.
  LineReader(ByteSource& source, size_t max_line, size_t input_bytes = kInputBufferBytes);
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // The next line without its LF or CRLF; valid until the next call of anything here.
  // kOutOfRange: the client closed its side; what stood before the end without a line end is
  // dropped. kResourceExhausted: the line, its end included, is longer than max_line; the reader is
  // of no use afterwards. kDeadlineExceeded, kCancelled, kUnavailable: as ByteSource::Read.
  Task<absl::StatusOr<absl::string_view>> ReadLine(MonotonicTime deadline);

  // True if ReadLine() would not have to wait: the client has sent its next line already.
  bool HasLine() const;

  // For message data: the bytes at hand, and how many of them were used up.
  absl::string_view buffered() const { return {buffer_.get() + begin_, size()}; }
  void Consume(size_t bytes);
  // Reads more. REQUIRES: there is room, as there is when buffered() is empty. kOutOfRange: end of
  // stream.
  Task<absl::Status> Fill(MonotonicTime deadline);
  // The same into the memory that is there: for a look whether anything has come. REQUIRES:
  // buffered() is empty.
  Task<absl::Status> FillSome(MonotonicTime deadline);

 private:
  size_t size() const { return end_ - begin_; }
  // Makes room for reading up to `bytes` in all; what is there moves to the front.
  void Resize(size_t bytes);
  Task<absl::Status> Read(MonotonicTime deadline);

  ByteSource& source_;
  const size_t max_line_;
  const size_t input_bytes_;
  std::unique_ptr<char[]> buffer_;
  size_t room_ = 0;
  size_t begin_ = 0, end_ = 0;  // of what is in buffer_ and not consumed
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_LINE_READER_H_
