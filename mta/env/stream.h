// A stream of bytes in one direction: a pipe's end, standard input or output, half a connection.
#ifndef STAGEPOST_MTA_ENV_STREAM_H_
#define STAGEPOST_MTA_ENV_STREAM_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/async/operation.h"
#include "mta/async/task.h"

namespace stagepost {

class ByteSource {
 public:
  // Closes the end.
  virtual ~ByteSource() = default;

  // Reads at least one byte, at most buffer.size(); 0 means end of stream. `buffer` stays valid until
  // the read has completed. At most one Read at a time. kUnavailable: the peer is gone. Cancelled:
  // nothing was read.
  virtual Operation<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) = 0;
};

class ByteSink {
 public:
  // Closes the end; the reader sees end of stream after what was written.
  virtual ~ByteSink() = default;

  // Writes at least one byte, at most bytes.size(), and says how many; waits while the reader is slow.
  // `bytes` stays valid until the write has completed. At most one Write at a time. kUnavailable: the
  // reader is gone. Cancelled: nothing was written. REQUIRES: bytes is not empty.
  virtual Operation<absl::StatusOr<size_t>> Write(absl::string_view bytes) = 0;
};

// Writes all of `bytes`. On error an unknown part of it was written.
Task<absl::Status> WriteAll(ByteSink& sink, absl::string_view bytes);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_STREAM_H_
