#include "mta/posix/directory_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"
#include "mta/base/errno.h"
#include "mta/posix/file.h"
#include "mta/posix/thread_identity.h"

namespace stagepost {
namespace {

using Names = absl::Span<const DirectoryName>;
using Result = absl::StatusOr<Names>;

// One call: while it lasts, nobody can make or remove a file there.
constexpr size_t kCallBytes = 64 * 1024;
// Room that any entry fits in.
constexpr size_t kMinCallBytes = 1024;
// What is read off-thread at once. Much, since on a busy machine each turn of a thread is waited
// for.
constexpr size_t kBatchBytes = 1024 * 1024;
// So many batches are read inline: the beginning, and the empty one that says that this was all.
constexpr int kInlineBatches = 2;

FileType TypeOf(int directory, const dirent64& raw) {
  switch (raw.d_type) {
    case DT_REG:
      return FileType::kRegular;
    case DT_DIR:
      return FileType::kDirectory;
    case DT_LNK:
      return FileType::kSymlink;
    case DT_FIFO:
      return FileType::kFifo;
    case DT_SOCK:
      return FileType::kSocket;
    case DT_CHR:
      return FileType::kCharacterDevice;
    case DT_BLK:
      return FileType::kBlockDevice;
    default:
      break;
  }
  // A file system that does not keep types in directories.
  struct stat status;
  if (::fstatat(directory, raw.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return FileType::kRegular;
  }
  return ToFileStat(status).type;
}

Result ResultOf(const DirectoryBatch& batch, absl::string_view what) {
  if (batch.error() != 0) return ErrnoStatus(static_cast<Errno>(batch.error()), what);
  return batch.names();
}

class PosixDirectoryReader;
class NextOperation;

class ReadJob final : public WorkerPool::Job {
 public:
  ReadJob(std::unique_ptr<DirectoryBatch> batch, NextOperation& waiter)
      : batch_(std::move(batch)), waiter_(&waiter) {}
  void Run() override { batch_->Read(kBatchBytes); }
  void Complete() override;
  void ForgetWaiter() { waiter_ = nullptr; }

 private:
  std::unique_ptr<DirectoryBatch> batch_;
  NextOperation* waiter_;  // belongs to the event loop's thread
};

class PosixDirectoryReader final : public DirectoryReader {
 public:
  PosixDirectoryReader(WorkerPool& workers, UniqueFd fd, std::string what)
      : workers_(workers),
        what_(std::move(what)),
        batch_(std::make_unique<DirectoryBatch>(std::move(fd))) {}

  Operation<Result> Next() override;

 private:
  friend class NextOperation;

  WorkerPool& workers_;
  const std::string what_;
  std::unique_ptr<DirectoryBatch> batch_;  // null while the pool has it, and after a cancelled call
  int inline_batches_ = 0;
};

class NextOperation final : public PendingOperation<Result> {
 public:
  explicit NextOperation(PosixDirectoryReader& reader) : reader_(reader) {}
  ~NextOperation() override {
    if (job_ != nullptr) job_->ForgetWaiter();
  }
  void OnRead(std::unique_ptr<DirectoryBatch> batch) {
    job_ = nullptr;
    reader_.batch_ = std::move(batch);
    Finish(ResultOf(*reader_.batch_, reader_.what_));
  }

 private:
  void Start() override {
    auto job = std::make_unique<ReadJob>(std::move(reader_.batch_), *this);
    job_ = job.get();
    reader_.workers_.Submit(std::move(job));
  }
  void OnStop() override {
    std::exchange(job_, nullptr)->ForgetWaiter();
    Finish(absl::CancelledError("cancelled"));
  }

  PosixDirectoryReader& reader_;
  ReadJob* job_ = nullptr;  // while the pool has it
};

void ReadJob::Complete() {
  if (waiter_ != nullptr) waiter_->OnRead(std::move(batch_));
}

Operation<Result> PosixDirectoryReader::Next() {
  ActAsOneself();
  if (batch_ == nullptr) return Result(absl::CancelledError("cancelled before"));
  if (inline_batches_ < kInlineBatches) {
    ++inline_batches_;
    batch_->Read(DirectoryBatch::kInlineBytes);
    return ResultOf(*batch_, what_);
  }
  return Operation<Result>(new NextOperation(*this));
}

}  // namespace

void DirectoryBatch::Read(size_t bytes) {
  names_.clear();
  if (capacity_ < bytes) {
    buffer_ = std::make_unique_for_overwrite<char[]>(bytes);
    capacity_ = bytes;
  }
  size_t used = 0;
  while (!ended_ && bytes - used >= kMinCallBytes) {
    const size_t room = std::min(bytes - used, kCallBytes);
    const ssize_t size = Retry([&] { return ::getdents64(fd_.get(), buffer_.get() + used, room); });
    // A directory that has been removed: for readdir(3), as POSIX wants it, that is its end.
    if (size < 0 && errno != ENOENT) error_ = errno;
    ended_ = size <= 0;
    if (ended_) break;
    Take(used, used + static_cast<size_t>(size));
    used += (static_cast<size_t>(size) + 7) & ~size_t{7};
  }
  if (error_ != 0) names_.clear();
}

void DirectoryBatch::Take(size_t from, size_t to) {
  for (size_t at = from; at < to;) {
    const auto& raw = *reinterpret_cast<const dirent64*>(buffer_.get() + at);
    at += raw.d_reclen;
    const absl::string_view name = raw.d_name;
    if (name == "." || name == "..") continue;
    names_.push_back({name, raw.d_ino, TypeOf(fd_.get(), raw)});
  }
}

std::unique_ptr<DirectoryReader> MakeDirectoryReader(WorkerPool& workers, UniqueFd fd,
                                                     std::string what) {
  return std::make_unique<PosixDirectoryReader>(workers, std::move(fd), std::move(what));
}

}  // namespace stagepost
