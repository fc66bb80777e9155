// The classes hash, btree and implicit: Berkeley DB files, read under sendmail's lock and opened
// anew when they have changed.
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/async/semaphore.h"
#include "mta/base/errno.h"
#include "mta/base/passing_error.h"
#include "mta/base/status_macros.h"
#include "mta/env/same_file.h"
#include "mta/maps/db_file.h"
#include "mta/maps/map_classes.h"
#include "mta/maps/map_file.h"

namespace stagepost {
namespace {

// How long a database may be locked by whoever writes it.
constexpr absl::Duration kLockPatience = absl::Minutes(2);

// The lock that makemap and newaliases respect. Whoever has taken it drops it; one look-up at a
// time holds it.
class SharedLock {
 public:
  explicit SharedLock(File& file) : file_(file) {}

  Task<absl::Status> Take() {
    absl::Status taken = co_await file_.Lock(LockKind::kFlock, LockMode::kShared, LockWait::kNo);
    if (ErrnoOf(taken) == Errno::kEAGAIN) {
      taken = co_await file_.Lock(LockKind::kFlock, LockMode::kShared, LockWait::kYes);
    }
    co_return taken;
  }
  Task<absl::Status> Drop() { co_return co_await file_.Unlock(LockKind::kFlock); }

 private:
  File& file_;
};

class DbMap final : public BaseMap {
 public:
  DbMap(const MapArguments& arguments, MapFlags flags, DbType type)
      : BaseMap(arguments.context, arguments.name, arguments.map_class, std::move(flags)),
        type_(type),
        path_(this->flags().file),
        try_without_nul_(this->flags().try_without_nul),
        try_with_nul_(this->flags().try_with_nul) {
    if (!absl::EndsWith(path_, ".db")) path_ += ".db";
  }

 private:
  Task<absl::Status> OpenClass(std::string&) override {
    const absl::Status opened = co_await WithDeadline(Deadline(), OpenInTurn());
    if (opened.ok() || absl::IsCancelled(opened)) co_return opened;
    if (absl::IsDeadlineExceeded(opened)) co_return absl::DeadlineExceededError(Locked());
    if (IsPassingError(opened)) co_return opened;
    // implicit says nothing about a file that is not there or not right.
    co_return map_class() == "implicit" ? absl::NotFoundError("") : opened;
  }

  // When whoever waits for his turn, or for whoever writes the database, gives up. Anybody who may
  // read the file can lock it.
  MonotonicTime Deadline() const { return context().env.clock().MonotonicNow() + kLockPatience; }
  std::string Locked() const { return absl::StrCat("Cannot lock ", path_, ": deadline exceeded"); }

  // After an error that passes.
  absl::Status CannotOpen(const absl::Status& status) const {
    return ErrnoStatus(ErrnoOf(status),
                       absl::StrCat("Cannot open ", map_class(), " database ", path_));
  }

  Task<absl::Status> OpenInTurn() {
    CO_ASSIGN_OR_RETURN(const Semaphore::Permit permit, co_await one_at_a_time_.Acquire());
    if (db_ != nullptr) co_return absl::OkStatus();
    co_return co_await OpenFile();
  }

  Task<absl::Status> OpenFile() {
    absl::StatusOr<std::unique_ptr<File>> file = co_await OpenMapFile(context(), path_);
    if (IsPassingError(file.status())) co_return CannotOpen(file.status());
    if (!file.ok()) {
      const bool missing = ErrnoOf(file.status()) == Errno::kENOENT;
      co_return absl::NotFoundError(
          absl::StrCat(map_class(), " map \"", name(), "\": ", missing ? "missing" : "unsafe",
                       " map file ", path_, ": ", file.status().message()));
    }
    File* const raw = file->get();
    SharedLock lock(*raw);
    CO_RETURN_IF_ERROR(co_await lock.Take());
    absl::StatusOr<std::unique_ptr<DbFile>> db = absl::UnknownError("");
    const absl::StatusOr<FileStat> stat = co_await raw->Stat();
    if (stat.ok()) db = co_await DbFile::Open(*std::move(file));
    absl::Status dropped;
    // Otherwise the file is closed, and the lock gone with it.
    if (db.ok()) dropped = co_await lock.Drop();
    if (IsPassingError(stat.status())) co_return CannotOpen(stat.status());
    if (IsPassingError(db.status())) co_return CannotOpen(db.status());
    if (!db.ok() || (*db)->type() != type_ || !dropped.ok()) {
      co_return absl::DataLossError(
          absl::StrCat("Cannot open ", type_ == DbType::kBtree ? "btree" : "hash", " database ",
                       path_, ": ", ErrnoText(Errno::kEINVAL)));
    }
    db_ = *std::move(db);
    file_ = raw;
    stat_ = *stat;
    look_.Forget();
    co_return absl::OkStatus();
  }

  Task<MapAnswer> AskClass(absl::string_view key,
                           absl::Span<const absl::string_view> arguments) override {
    const std::string folded = Folded(key);
    absl::StatusOr<std::optional<std::string>> value = co_await GetFromMemory(folded);
    if (!value.ok()) {
      value = co_await WithDeadline(Deadline(), Get(folded));
    }
    if (absl::IsCancelled(value.status())) co_return MapAnswer{.status = kExitTemporaryFailure};
    if (absl::IsDeadlineExceeded(value.status())) {
      co_return Failed(kExitTemporaryFailure, Locked());
    }
    if (!value.ok()) co_return Failed(kExitTemporaryFailure, std::string(value.status().message()));
    if (!value->has_value()) co_return MapAnswer{};
    co_return Found(**value, key, arguments);
  }

  // Without a lock, which nobody needs for what was read under one while the file is still the
  // same. kFailedPrecondition: it is another one, or what is wanted was not read yet. What other
  // errors mean is known when the file is locked.
  Task<absl::StatusOr<std::optional<std::string>>> GetFromMemory(const std::string& key) {
    const std::shared_ptr<DbFile> db = db_;  // somebody else may open it anew meanwhile
    if (!co_await IsSame()) co_return absl::FailedPreconditionError("the file has changed");
    co_return co_await GetFrom(*db, key, DbReading::kCached);
  }

  // Whether db_ is the file that stands under the name, or did a moment ago.
  Task<bool> IsSame() {
    const MonotonicTime began = context().env.clock().MonotonicNow();
    if (look_.IsRecent(began)) co_return true;
    const FileStat known = stat_;
    const absl::StatusOr<FileStat> now = co_await context().env.files().Stat(path_);
    if (!now.ok() || !SameFile(*now, known)) co_return false;
    // Unless it has been opened anew meanwhile.
    if (SameFile(known, stat_)) look_.FoundSame(began);
    co_return true;
  }

  Task<absl::StatusOr<std::optional<std::string>>> Get(const std::string& key) {
    CO_ASSIGN_OR_RETURN(const Semaphore::Permit permit, co_await one_at_a_time_.Acquire());
    CO_RETURN_IF_ERROR(co_await LockUnchanged());
    absl::StatusOr<std::optional<std::string>> value =
        co_await GetFrom(*db_, key, DbReading::kAnywhere);
    SharedLock lock(*file_);
    CO_RETURN_IF_ERROR(co_await lock.Drop());
    if (!value.ok()) {
      co_return absl::DataLossError(
          absl::StrCat("Cannot read ", path_, ": ", value.status().message()));
    }
    co_return value;
  }

  // Locks the file that stands under the name now.
  Task<absl::Status> LockUnchanged() {
    constexpr int kAttempts = 5;
    for (int i = 0; i < kAttempts; ++i) {
      SharedLock lock(*file_);
      const absl::Status locked = co_await lock.Take();
      if (absl::IsCancelled(locked)) co_return locked;
      if (!locked.ok()) {
        co_return absl::UnavailableError(
            absl::StrCat("Cannot lock ", path_, ": ", locked.message()));
      }
      const absl::StatusOr<FileStat> now = co_await context().env.files().Stat(path_);
      // What was removed is read on, as sendmail does.
      if (!now.ok() || SameFile(*now, stat_)) co_return absl::OkStatus();
      CO_RETURN_IF_ERROR(co_await lock.Drop());
      CO_RETURN_IF_ERROR(co_await OpenFile());
    }
    co_return absl::UnavailableError(absl::StrCat("Cannot open ", path_, ": it keeps changing"));
  }

  // Whether keys end in a NUL is learnt from the first that is found.
  Task<absl::StatusOr<std::optional<std::string>>> GetFrom(DbFile& db, const std::string& key,
                                                           DbReading reading) {
    if (try_without_nul_) {
      CO_ASSIGN_OR_RETURN(std::optional<std::string> value, co_await db.Get(key, reading));
      if (value.has_value()) {
        try_with_nul_ = false;
        co_return value;
      }
    }
    if (!try_with_nul_) co_return std::nullopt;
    CO_ASSIGN_OR_RETURN(std::optional<std::string> value,
                        co_await db.Get(absl::StrCat(key, absl::string_view("\0", 1)), reading));
    if (value.has_value()) try_without_nul_ = false;
    co_return value;
  }

  const DbType type_;
  std::string path_;
  bool try_without_nul_, try_with_nul_;
  Semaphore one_at_a_time_{1};
  std::shared_ptr<DbFile> db_;
  File* file_ = nullptr;  // db_'s
  FileStat stat_;
  FileLook look_;
};

std::unique_ptr<BaseMap> MakeDbMap(const MapArguments& arguments, DbType type) {
  MapFlags flags = CommonFlags(arguments);
  const bool has_file = HasFile(arguments, flags);
  auto map = std::make_unique<DbMap>(arguments, std::move(flags), type);
  if (!has_file) map->Invalidate();
  return map;
}

}  // namespace

std::unique_ptr<BaseMap> MakeHashMap(const MapArguments& arguments) {
  return MakeDbMap(arguments, DbType::kHash);
}
std::unique_ptr<BaseMap> MakeBtreeMap(const MapArguments& arguments) {
  return MakeDbMap(arguments, DbType::kBtree);
}
std::unique_ptr<BaseMap> MakeImplicitMap(const MapArguments& arguments) {
  return MakeDbMap(arguments, DbType::kHash);
}

}  // namespace stagepost
