#include "mta/maptools/map_file.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr int kAttempts = 100;  // when files change under our hands
constexpr int kMaxLinks = 32;

bool Same(const FileStat& one, const FileStat& other) {
  return one.inode == other.inode && one.device == other.device;
}

// As sendmail, which looks before it opens, and looks again before it locks.
Task<absl::StatusOr<std::optional<FileStat>>> CheckTwice(Environment& env, std::string path,
                                                         MapAccess access, std::string& warnings) {
  CO_RETURN_IF_ERROR((co_await CheckMapPath(env, path, access, warnings)).status());
  co_return co_await CheckMapPath(env, path, access, warnings);
}

// What symbolic links at the end of `path` lead to.
Task<absl::StatusOr<std::string>> FollowLinks(Environment& env, std::string path) {
  for (int links = 0; links < kMaxLinks; ++links) {
    const absl::StatusOr<FileStat> found = co_await env.files().LinkStat(path);
    if (!found.ok() || found->type != FileType::kSymlink) co_return path;
    CO_ASSIGN_OR_RETURN(const std::string target, co_await env.files().ReadLink(path));
    path = absl::StartsWith(target, "/")
               ? target
               : absl::StrCat(path.substr(0, path.rfind('/') + 1), target);
  }
  co_return ErrnoStatus(Errno::kELOOP, path);
}

// Whether `path` still is `file`, now that it is locked.
Task<absl::StatusOr<bool>> StillThere(Environment& env, const std::string& path, File& file) {
  CO_ASSIGN_OR_RETURN(const FileStat open, co_await file.Stat());
  const absl::StatusOr<FileStat> there = co_await env.files().LinkStat(path);
  if (ErrnoOf(there.status()) == Errno::kENOENT) co_return false;
  CO_RETURN_IF_ERROR(there.status());
  co_return Same(open, *there);
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Task<absl::StatusOr<std::unique_ptr<File>>> OpenMap(Environment& env, std::string path,
                                                    MapAccess access, std::string& warnings) {
  CO_RETURN_IF_ERROR((co_await CheckTwice(env, path, access, warnings)).status());
  std::string no_more_warnings;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    CO_ASSIGN_OR_RETURN(const std::optional<FileStat> checked,
                        co_await CheckMapPath(env, path, access, no_more_warnings));
    CO_ASSIGN_OR_RETURN(
        std::unique_ptr<File> file,
        co_await env.files().Open(path, {.read = true, .no_follow = !access.allow_links}));
    CO_RETURN_IF_ERROR(co_await file->Lock(LockKind::kFlock, LockMode::kShared, LockWait::kYes));
    CO_ASSIGN_OR_RETURN(const FileStat open, co_await file->Stat());
    if (Same(open, *checked)) co_return file;
  }
  co_return ErrnoStatus(Errno::kEAGAIN, path);
}

Task<void> GiveTo(File& file, std::string path, UserId owner, std::string& warnings) {
  const absl::Status changed = co_await file.ChangeOwner(owner, std::nullopt);
  if (changed.ok()) co_return;
  absl::StrAppend(&warnings, "WARNING: ownership change on ", path, " failed ",
                  MapErrorText(changed), "\n");
}

Task<absl::StatusOr<std::unique_ptr<MapReplacement>>> MapReplacement::Begin(Environment& env,
                                                                            std::string path,
                                                                            MapAccess access,
                                                                            std::string& warnings) {
  CO_RETURN_IF_ERROR((co_await CheckTwice(env, path, access, warnings)).status());
  std::string no_more_warnings;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    CO_ASSIGN_OR_RETURN(const std::optional<FileStat> checked,
                        co_await CheckMapPath(env, path, access, no_more_warnings));
    std::string target = path;
    if (access.allow_links) {
      CO_ASSIGN_OR_RETURN(target, co_await FollowLinks(env, path));
    }
    std::unique_ptr<MapReplacement> replacement(new MapReplacement(env, std::move(target)));
    CO_RETURN_IF_ERROR(co_await replacement->LockNew());
    const absl::StatusOr<bool> locked = co_await replacement->LockOld(checked, access.allow_links);
    if (locked.ok() && *locked) co_return replacement;
    co_await replacement->Abandon();
    CO_RETURN_IF_ERROR(locked.status());
  }
  co_return ErrnoStatus(Errno::kEAGAIN, path);
}

Task<absl::Status> MapReplacement::LockNew() {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    CO_ASSIGN_OR_RETURN(const bool locked, co_await TryLockNew());
    if (locked) co_return absl::OkStatus();
  }
  co_return ErrnoStatus(Errno::kEAGAIN, new_path_);
}

// Locks what is open at the path of the new map, if it still is there when it is locked.
Task<absl::StatusOr<bool>> MapReplacement::LockIfThere(File& file) {
  CO_RETURN_IF_ERROR(co_await file.Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kYes));
  co_return co_await StillThere(env_, new_path_, file);
}

// False: to be tried again.
Task<absl::StatusOr<bool>> MapReplacement::TryLockNew() {
  FileSystem& files = env_.files();
  absl::StatusOr<std::unique_ptr<File>> file =
      co_await files.Open(new_path_, {.read = true,
                                      .write = true,
                                      .create = true,
                                      .exclusive = true,
                                      .no_follow = true,
                                      .mode = kNewMapMode});
  const bool created = file.ok();
  if (ErrnoOf(file.status()) == Errno::kEEXIST) {
    file = co_await files.Open(new_path_, {.read = true, .write = true, .no_follow = true});
    if (ErrnoOf(file.status()) == Errno::kENOENT) co_return false;
  }
  CO_RETURN_IF_ERROR(file.status());
  const absl::StatusOr<bool> locked = co_await LockIfThere(**file);
  if (created && !locked.ok()) (void)co_await files.Unlink(new_path_);
  CO_RETURN_IF_ERROR(locked.status());
  if (!*locked) co_return false;
  if (!created) {
    // Nobody holds it, so whoever made it is dead.
    CO_RETURN_IF_ERROR(co_await files.Unlink(new_path_));
    co_return false;
  }
  new_ = *std::move(file);
  co_return true;
}

// Locks the map that is there; false: it is not the one that was checked.
Task<absl::StatusOr<bool>> MapReplacement::LockOld(const std::optional<FileStat>& checked,
                                                   bool allow_links) {
  FileSystem& files = env_.files();
  if (!checked.has_value()) {
    const absl::StatusOr<FileStat> there = co_await files.LinkStat(path_);
    if (there.ok()) co_return false;
    if (ErrnoOf(there.status()) == Errno::kENOENT) co_return true;
    co_return there.status();
  }
  absl::StatusOr<std::unique_ptr<File>> file =
      co_await files.Open(path_, {.read = true, .write = true, .no_follow = !allow_links});
  if (ErrnoOf(file.status()) == Errno::kENOENT) co_return false;
  CO_RETURN_IF_ERROR(file.status());
  CO_RETURN_IF_ERROR(
      co_await (*file)->Lock(LockKind::kFlock, LockMode::kExclusive, LockWait::kYes));
  CO_ASSIGN_OR_RETURN(const FileStat open, co_await (*file)->Stat());
  CO_ASSIGN_OR_RETURN(const bool there, co_await StillThere(env_, path_, **file));
  if (!there || !Same(open, *checked)) co_return false;
  old_ = *std::move(file);
  old_stat_ = open;
  co_return true;
}

absl::Status MapReplacement::Build(const DatabaseOptions& options) {
  absl::StatusOr<std::unique_ptr<DatabaseBuilder>> builder = env_.databases().Build(*new_, options);
  if (!builder.ok()) return builder.status();
  builder_ = *std::move(builder);
  return absl::OkStatus();
}

Task<absl::Status> MapReplacement::Own(std::optional<UserId> owner, std::string& warnings) {
  CO_ASSIGN_OR_RETURN(const FileStat now, co_await new_->Stat());
  if (old_stat_.has_value()) {
    std::optional<UserId> old_owner;
    std::optional<GroupId> old_group;
    if (old_stat_->owner != now.owner && !owner.has_value()) old_owner = old_stat_->owner;
    if (old_stat_->group != now.group) old_group = old_stat_->group;
    if (old_owner.has_value() || old_group.has_value()) {
      CO_RETURN_IF_ERROR(co_await new_->ChangeOwner(old_owner, old_group));
    }
    if (old_stat_->mode != now.mode) CO_RETURN_IF_ERROR(co_await new_->ChangeMode(old_stat_->mode));
  }
  if (owner.has_value()) co_await GiveTo(*new_, path_, *owner, warnings);
  co_return absl::OkStatus();
}

Task<absl::Status> MapReplacement::PutInPlace(std::optional<UserId> owner, std::string& warnings) {
  CO_RETURN_IF_ERROR(co_await builder_->Finish());
  CO_RETURN_IF_ERROR(co_await Own(owner, warnings));
  CO_RETURN_IF_ERROR(co_await new_->Sync());
  co_return co_await env_.files().Rename(new_path_, path_);
}

Task<absl::Status> MapReplacement::Commit(std::optional<UserId> owner, std::string& warnings) {
  const absl::Status in_place = co_await PutInPlace(owner, warnings);
  if (!in_place.ok()) {
    co_await Abandon();
    co_return in_place;
  }
  co_return co_await env_.files().SyncDirectory(DirectoryOf(path_));
}

Task<void> MapReplacement::Abandon() {
  builder_.reset();
  // What stays behind is removed by the next.
  if (new_ != nullptr) (void)co_await env_.files().Unlink(new_path_);
  new_.reset();
}

}  // namespace stagepost
