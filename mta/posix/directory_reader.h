// Reading a directory batch by batch: the beginning inline, and the rest, if it is long,
// off-thread.
#ifndef STAGEPOST_MTA_POSIX_DIRECTORY_READER_H_
#define STAGEPOST_MTA_POSIX_DIRECTORY_READER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "mta/env/file_system.h"
#include "mta/posix/unique_fd.h"
#include "mta/posix/worker_pool.h"

namespace stagepost {

// An open directory and the entries of it that were read last. For one thread at a time.
class DirectoryBatch {
 public:
  // What is read inline: about 800 entries of a queue directory.
  static constexpr size_t kInlineBytes = 32 * 1024;

  explicit DirectoryBatch(UniqueFd fd) : fd_(std::move(fd)) {}
  DirectoryBatch(const DirectoryBatch&) = delete;
  DirectoryBatch& operator=(const DirectoryBatch&) = delete;

  // Reads the next entries, at most about `bytes` as getdents64(2) gives them. Afterwards names()
  // are these; none: the end, or error().
  void Read(size_t bytes);

  absl::Span<const DirectoryName> names() const { return names_; }
  int error() const { return error_; }  // an errno; 0: none
  int fd() const { return fd_.get(); }

 private:
  void Take(size_t from, size_t to);

  UniqueFd fd_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  std::vector<DirectoryName> names_;  // into buffer_
  bool ended_ = false;
  int error_ = 0;
};

// `what` is "readdir /path", for messages. `workers` outlives it.
std::unique_ptr<DirectoryReader> MakeDirectoryReader(WorkerPool& workers, UniqueFd fd,
                                                     std::string what);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_DIRECTORY_READER_H_
