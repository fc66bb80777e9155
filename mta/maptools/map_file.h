// Opening maps, and putting new ones in their place.
//
// Reading is done under sendmail's lock on the file, which its own tools take when they write.
//
// Writing makes a new file, MAP.db.new, beside the old one, and then, when it is complete and
// synced, gives it the old one's name. At any moment, whoever is killed and whatever crashes, there
// is the old map or the new one. What a tool that was killed left behind is removed by the next.
// The new file is locked while it is made, and the old one, too, so that neither sendmail's tools
// nor ours get into each other's way.
#ifndef STAGEPOST_MTA_MAPTOOLS_MAP_FILE_H_
#define STAGEPOST_MTA_MAPTOOLS_MAP_FILE_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "mta/maptools/map_path.h"

namespace stagepost {

// The mode of a map that is new, less the umask.
inline constexpr FileMode kNewMapMode = 0640;

// Opens the map's file for reading, with a shared lock, if CheckMapPath() lets it; `access` is for
// reading. For errors see MapErrorText().
Task<absl::StatusOr<std::unique_ptr<File>>> OpenMap(Environment& env, std::string path,
                                                    MapAccess access, std::string& warnings);

// Changes the owner; that this failed is said in `warnings`.
Task<void> GiveTo(File& file, std::string path, UserId owner, std::string& warnings);

class MapReplacement {
 public:
  // Waits for the locks. `path` is that of the file, `access` for writing. `env` outlives this.
  static Task<absl::StatusOr<std::unique_ptr<MapReplacement>>> Begin(Environment& env,
                                                                     std::string path,
                                                                     MapAccess access,
                                                                     std::string& warnings);

  bool replaces() const { return old_stat_.has_value(); }
  // The map that is replaced, open for reading; its lock goes when it is closed, so that should be
  // after Commit(). Taken once. REQUIRES: replaces().
  std::unique_ptr<File> TakeOld() { return std::move(old_); }

  // Begins the new database. Called once.
  absl::Status Build(const DatabaseOptions& options);
  // REQUIRES: Build() was OK.
  absl::StatusOr<bool> Put(absl::string_view key, absl::string_view value, PutMode mode) {
    return builder_->Put(key, value, mode);
  }
  // Puts the new map in place, with the mode and the owners of the old one; durable when OK. A new
  // map's, or every map's, owner is `owner` if there is one; that this failed is said in
  // `warnings`. On other errors the old map stays; but if it is the directory that cannot be
  // synced, the new one is there, and a crash may bring the old one back.
  Task<absl::Status> Commit(std::optional<UserId> owner, std::string& warnings);
  // Leaves the old map as it is.
  Task<void> Abandon();

 private:
  MapReplacement(Environment& env, std::string path)
      : env_(env), path_(std::move(path)), new_path_(path_ + ".new") {}

  Task<absl::Status> LockNew();
  Task<absl::StatusOr<bool>> TryLockNew();
  Task<absl::StatusOr<bool>> LockIfThere(File& file);
  Task<absl::StatusOr<bool>> LockOld(const std::optional<FileStat>& checked, bool allow_links);
  Task<absl::Status> Own(std::optional<UserId> owner, std::string& warnings);
  Task<absl::Status> PutInPlace(std::optional<UserId> owner, std::string& warnings);

  Environment& env_;
  const std::string path_, new_path_;
  std::unique_ptr<File> new_, old_;
  std::optional<FileStat> old_stat_;
  std::unique_ptr<DatabaseBuilder> builder_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPTOOLS_MAP_FILE_H_
