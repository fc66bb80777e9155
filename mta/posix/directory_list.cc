#include "mta/posix/directory_list.h"

#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"
#include "mta/base/errno.h"
#include "mta/posix/directory_reader.h"
#include "mta/posix/thread_identity.h"

namespace stagepost {
namespace {

using Entries = std::vector<DirectoryEntry>;
using Result = absl::StatusOr<Entries>;

// So much is read inline: one batch, and the empty one that says that this was all.
constexpr int kInlineBatches = 2;

class Listing {
 public:
  explicit Listing(UniqueFd fd) : batch_(std::make_unique<DirectoryBatch>(std::move(fd))) {
    Reserve();
  }

  // Whether there may be more.
  bool ReadBatch() {
    batch_->Read(DirectoryBatch::kInlineBytes);
    for (const DirectoryName& entry : batch_->names()) {
      entries_.push_back({std::string(entry.name), entry.inode, entry.type});
    }
    return !batch_->names().empty();
  }

  Result TakeResult(absl::string_view name) {
    if (batch_->error() != 0) return ErrnoStatus(static_cast<Errno>(batch_->error()), name);
    return std::move(entries_);
  }

 private:
  // Growing a list of millions step by step costs as much as reading it.
  void Reserve() {
    constexpr off_t kBytesOfEntry = 32, kMaxReserved = 4 << 20;
    struct stat status;
    if (::fstat(batch_->fd(), &status) != 0) return;
    entries_.reserve(static_cast<size_t>(std::min(status.st_size / kBytesOfEntry, kMaxReserved)));
  }

  std::unique_ptr<DirectoryBatch> batch_;
  Entries entries_;
};

class ListOperation;

class ListJob final : public WorkerPool::Job {
 public:
  ListJob(Listing listing, ListOperation& waiter)
      : listing_(std::move(listing)), waiter_(&waiter) {}
  void Run() override {
    while (listing_.ReadBatch()) {
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
  ActAsOneself();
  Listing listing(std::move(fd));
  for (int i = 0; i < kInlineBatches; ++i) {
    if (!listing.ReadBatch()) return listing.TakeResult(name);
  }
  return Operation<Result>(new ListOperation(workers, std::move(listing), std::move(name)));
}

}  // namespace stagepost
