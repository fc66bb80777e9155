#include "mta/posix/directory_list.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "mta/base/errno.h"
#include "mta/posix/file.h"

namespace stagepost {
namespace {

using Entries = std::vector<DirectoryEntry>;
using Result = absl::StatusOr<Entries>;

// About 500 entries of a queue directory.
constexpr size_t kChunkBytes = 32 * 1024;
// So much is read inline: one chunk, and the empty one that says that this was all.
constexpr int kInlineChunks = 2;

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
  if (::fstatat(directory, raw.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
    return FileType::kRegular;
  return ToFileStat(status).type;
}

class Listing {
 public:
  explicit Listing(UniqueFd fd) : fd_(std::move(fd)) { Reserve(); }

  enum class Progress { kMore, kEnd, kError };
  Progress ReadChunk() {
    alignas(dirent64) std::array<char, kChunkBytes> chunk;
    const ssize_t size = Retry([&] { return ::getdents64(fd_.get(), chunk.data(), chunk.size()); });
    // A directory that has been removed: for readdir(3), as POSIX wants it, that is its end.
    if (size < 0 && errno == ENOENT) return Progress::kEnd;
    if (size < 0) error_ = errno;
    if (size <= 0) return size < 0 ? Progress::kError : Progress::kEnd;
    for (ssize_t at = 0; at < size;) {
      const auto& raw = *reinterpret_cast<const dirent64*>(chunk.data() + at);
      at += raw.d_reclen;
      const absl::string_view name = raw.d_name;
      if (name == "." || name == "..") continue;
      entries_.push_back({std::string(name), raw.d_ino, TypeOf(fd_.get(), raw)});
    }
    return Progress::kMore;
  }

  // Growing a list of millions step by step costs as much as reading it.
  void Reserve() {
    constexpr off_t kBytesOfEntry = 32, kMaxReserved = 4 << 20;
    struct stat status;
    if (::fstat(fd_.get(), &status) != 0) return;
    entries_.reserve(static_cast<size_t>(std::min(status.st_size / kBytesOfEntry, kMaxReserved)));
  }

  Result TakeResult(absl::string_view name) {
    if (error_ != 0) return ErrnoStatus(static_cast<Errno>(error_), name);
    return std::move(entries_);
  }

 private:
  UniqueFd fd_;
  Entries entries_;
  int error_ = 0;
};

class ListOperation;

class ListJob final : public WorkerPool::Job {
 public:
  ListJob(Listing listing, ListOperation& waiter)
      : listing_(std::move(listing)), waiter_(&waiter) {}
  void Run() override {
    while (listing_.ReadChunk() == Listing::Progress::kMore) {
    }
  }
  void Complete() override;
  void ForgetWaiter() { waiter_ = nullptr; }
  Listing& listing() { return listing_; }

 private:
  Listing listing_;
  ListOperation* waiter_;  // belongs to the event loop's thread
};

class ListOperation final : public PendingOperation<Result> {
 public:
  ListOperation(WorkerPool& workers, Listing listing, std::string name)
      : workers_(workers), listing_(std::move(listing)), name_(std::move(name)) {}
  ~ListOperation() override {
    if (job_ != nullptr) job_->ForgetWaiter();
  }
  void OnListed(ListJob& job) {
    job_ = nullptr;
    Finish(job.listing().TakeResult(name_));
  }

 private:
  void Start() override {
    auto job = std::make_unique<ListJob>(std::move(listing_), *this);
    job_ = job.get();
    workers_.Submit(std::move(job));
  }
  void OnStop() override {
    std::exchange(job_, nullptr)->ForgetWaiter();
    Finish(absl::CancelledError("cancelled"));
  }

  WorkerPool& workers_;
  Listing listing_;
  const std::string name_;
  ListJob* job_ = nullptr;  // while the pool has it
};

void ListJob::Complete() {
  if (waiter_ != nullptr) waiter_->OnListed(*this);
}

}  // namespace

Operation<Result> ListOpenDirectory(WorkerPool& workers, UniqueFd fd, std::string name) {
  Listing listing(std::move(fd));
  for (int i = 0; i < kInlineChunks; ++i) {
    if (listing.ReadChunk() != Listing::Progress::kMore) return listing.TakeResult(name);
  }
  return Operation<Result>(new ListOperation(workers, std::move(listing), std::move(name)));
}

}  // namespace stagepost
