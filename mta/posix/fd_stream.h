// ByteSource and ByteSink on a descriptor: pipes of started programs, standard streams.
#ifndef STAGEPOST_MTA_POSIX_FD_STREAM_H_
#define STAGEPOST_MTA_POSIX_FD_STREAM_H_

#include <utility>

#include "mta/env/stream.h"
#include "mta/posix/pollable_fd.h"

namespace stagepost {

class FdSource final : public ByteSource {
 public:
  FdSource(EventLoop& events, UniqueFd fd, PollableFd::Kind kind)
      : fd_(events, std::move(fd), kind) {}
  Operation<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override {
    return fd_.Read(buffer);
  }
  PollableFd& descriptor() { return fd_; }

 private:
  PollableFd fd_;
};

class FdSink final : public ByteSink {
 public:
  FdSink(EventLoop& events, UniqueFd fd, PollableFd::Kind kind)
      : fd_(events, std::move(fd), kind) {}
  Operation<absl::StatusOr<size_t>> Write(absl::string_view bytes) override {
    return fd_.Write(bytes);
  }
  PollableFd& descriptor() { return fd_; }

 private:
  PollableFd fd_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_FD_STREAM_H_
