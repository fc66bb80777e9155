#include "mta/posix/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "mta/base/errno.h"
#include "mta/posix/worker_pool.h"

namespace stagepost {
namespace {

class SyncOperation final : public PendingOperation<absl::Status>, private SyncService::Waiter {
 public:
  SyncOperation(SyncService& syncs, const SyncService::Target& target, std::string name)
      : syncs_(syncs), target_(target), name_(std::move(name)) {}

 private:
  using Place = ListNode<SyncService::Waiter>;
  void Start() override { syncs_.Sync(target_, *this); }
  void OnStop() override {
    if (begun()) return;
    Place::Unlink();
    Finish(absl::CancelledError("cancelled"));
  }
  void OnSynced(int error) override {
    Finish(error == 0 ? absl::OkStatus() : ErrnoStatus(static_cast<Errno>(error), name_));
  }

  SyncService& syncs_;
  const SyncService::Target target_;
  const std::string name_;
};

class LastClose final : public WorkerPool::Job {
 public:
  explicit LastClose(std::shared_ptr<const UniqueFd> fd) : fd_(std::move(fd)) {}
  void Run() override { fd_.reset(); }
  void Complete() override {}

 private:
  std::shared_ptr<const UniqueFd> fd_;
};

FileType TypeOf(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return FileType::kDirectory;
    case S_IFLNK:
      return FileType::kSymlink;
    case S_IFIFO:
      return FileType::kFifo;
    case S_IFSOCK:
      return FileType::kSocket;
    case S_IFCHR:
      return FileType::kCharacterDevice;
    case S_IFBLK:
      return FileType::kBlockDevice;
    default:
      return FileType::kRegular;
  }
}

}  // namespace

Operation<absl::Status> SyncOperationOf(SyncService& syncs, const SyncService::Target& target,
                                        std::string name) {
  return Operation<absl::Status>(new SyncOperation(syncs, target, std::move(name)));
}

FileStat ToFileStat(const struct stat& status) {
  return {.type = TypeOf(status.st_mode),
          .mode = status.st_mode & 07777,
          .owner = UserId{status.st_uid},
          .group = GroupId{status.st_gid},
          .size = static_cast<uint64_t>(status.st_size),
          .inode = status.st_ino,
          .device = status.st_dev,
          .links = static_cast<uint32_t>(status.st_nlink),
          .accessed = absl::TimeFromTimespec(status.st_atim),
          .modified = absl::TimeFromTimespec(status.st_mtim),
          .changed = absl::TimeFromTimespec(status.st_ctim)};
}

PosixFile::PosixFile(const FileServices& services, std::shared_ptr<const Identity> identity,
                     UniqueFd fd, std::string path, const struct stat& status)
    : services_(services),
      identity_(std::move(identity)),
      fd_(std::make_shared<const UniqueFd>(std::move(fd))),
      path_(std::move(path)),
      device_(status.st_dev),
      inode_(status.st_ino),
      directory_(S_ISDIR(status.st_mode)),
      seekable_(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || S_ISBLK(status.st_mode)),
      regular_(S_ISREG(status.st_mode)) {}

PosixFile::~PosixFile() {
  if (HoldsSpaceOfRemovedFile()) {
    services_.workers.Submit(std::make_unique<LastClose>(std::move(fd_)));
  } else {
    fd_.reset();
  }
  services_.locks.Wake(device_, inode_);
}

// Whether closing may make the kernel free blocks, and tell the disk so, while we wait. Nobody
// comes to such a file by its name any more, so that nobody waits for its locks either.
bool PosixFile::HoldsSpaceOfRemovedFile() const {
  struct stat now;
  return regular_ && ::fstat(fd_->get(), &now) == 0 && now.st_nlink == 0 && now.st_blocks > 0;
}

std::string PosixFile::Name(absl::string_view call) const { return absl::StrCat(call, " ", path_); }

void PosixFile::ActAsOpener() const { (void)services_.own.ActAs(identity_.get()); }

template <class Call>
absl::Status PosixFile::Do(absl::string_view name, Call call) const {
  if (!services_.own.ActAs(identity_.get())) return ErrnoStatus(Errno::kEPERM, Name(name));
  if (Retry(call) != 0) return LastError(Name(name));
  return absl::OkStatus();
}

Operation<absl::StatusOr<size_t>> PosixFile::Read(uint64_t offset, absl::Span<char> buffer) {
  ActAsOpener();
  const ssize_t got = Retry([&] {
    return seekable_ ? ::pread(fd_->get(), buffer.data(), buffer.size(), static_cast<off_t>(offset))
                     : ::read(fd_->get(), buffer.data(), buffer.size());
  });
  if (got < 0) return absl::StatusOr<size_t>(LastError(Name("read")));
  return absl::StatusOr<size_t>(static_cast<size_t>(got));
}

Operation<absl::StatusOr<size_t>> PosixFile::Write(uint64_t offset, absl::string_view bytes) {
  using Result = absl::StatusOr<size_t>;
  if (!services_.own.ActAs(identity_.get()))
    return Result(ErrnoStatus(Errno::kEPERM, Name("write")));
  const ssize_t put = Retry([&] {
    return seekable_ ? ::pwrite(fd_->get(), bytes.data(), bytes.size(), static_cast<off_t>(offset))
                     : ::write(fd_->get(), bytes.data(), bytes.size());
  });
  if (put < 0) return Result(LastError(Name("write")));
  unflushed_bytes_ += static_cast<uint64_t>(put);
  return Result(static_cast<size_t>(put));
}

Operation<absl::Status> PosixFile::Truncate(uint64_t size) {
  if (size > static_cast<uint64_t>(std::numeric_limits<off_t>::max())) {
    return ErrnoStatus(Errno::kEFBIG, Name("ftruncate"));
  }
  return Do("ftruncate", [&] { return ::ftruncate(fd_->get(), static_cast<off_t>(size)); });
}

Operation<absl::StatusOr<FileStat>> PosixFile::Stat() {
  ActAsOpener();
  struct stat status;
  if (::fstat(fd_->get(), &status) != 0) return absl::StatusOr<FileStat>(LastError(Name("fstat")));
  return absl::StatusOr<FileStat>(ToFileStat(status));
}

Operation<absl::Status> PosixFile::ChangeMode(FileMode mode) {
  return Do("fchmod", [&] { return ::fchmod(fd_->get(), mode); });
}

Operation<absl::Status> PosixFile::ChangeOwner(std::optional<UserId> owner,
                                               std::optional<GroupId> group) {
  return Do("fchown", [&] {
    return ::fchown(fd_->get(), owner ? static_cast<uid_t>(*owner) : static_cast<uid_t>(-1),
                    group ? static_cast<gid_t>(*group) : static_cast<gid_t>(-1));
  });
}

Operation<absl::Status> PosixFile::Sync() {
  return SyncOperationOf(services_.syncs,
                         {.fd = fd_,
                          .device = device_,
                          .inode = inode_,
                          .directory = directory_,
                          .unflushed_bytes = std::exchange(unflushed_bytes_, 0)},
                         Name("fsync"));
}

std::optional<absl::Status> PosixFile::TryLock(LockKind kind, LockMode mode) const {
  const bool shared = mode == LockMode::kShared;
  ActAsOpener();
  int result;
  if (kind == LockKind::kFlock) {
    result = Retry([&] { return ::flock(fd_->get(), (shared ? LOCK_SH : LOCK_EX) | LOCK_NB); });
  } else {
    struct flock range = {};
    range.l_type = shared ? F_RDLCK : F_WRLCK;
    range.l_whence = SEEK_SET;
    result = Retry([&] { return ::fcntl(fd_->get(), F_SETLK, &range); });
  }
  if (result == 0) return absl::OkStatus();
  const int error = errno;
  if (error == EAGAIN || (kind == LockKind::kFcntl && error == EACCES)) return std::nullopt;
  return ErrnoStatus(static_cast<Errno>(error), Name(kind == LockKind::kFlock ? "flock" : "fcntl"));
}

Operation<absl::Status> PosixFile::Lock(LockKind kind, LockMode mode, LockWait wait) {
  if (std::optional<absl::Status> outcome = TryLock(kind, mode)) return *std::move(outcome);
  if (wait == LockWait::kNo) {
    return ErrnoStatus(Errno::kEAGAIN, Name(kind == LockKind::kFlock ? "flock" : "fcntl"));
  }
  return services_.locks.Wait(device_, inode_, [this, kind, mode] { return TryLock(kind, mode); });
}

Operation<absl::Status> PosixFile::Unlock(LockKind kind) {
  ActAsOpener();
  int result;
  if (kind == LockKind::kFlock) {
    result = ::flock(fd_->get(), LOCK_UN);
  } else {
    struct flock range = {};
    range.l_type = F_UNLCK;
    range.l_whence = SEEK_SET;
    result = ::fcntl(fd_->get(), F_SETLK, &range);
  }
  if (result != 0) return LastError(Name("unlock"));
  services_.locks.Wake(device_, inode_);
  return absl::OkStatus();
}

}  // namespace stagepost
