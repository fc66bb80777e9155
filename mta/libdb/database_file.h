// Writing Berkeley DB files with libdb 5.3, the library that sendmail itself uses.
//
// libdb wants a path and opens it by itself; it gets /proc/self/fd/N of a descriptor that was
// opened under whatever rules hold above. It works without an environment: no DB_CONFIG is read, no
// region file is made, nothing is locked. Two settings of it are global and are made at every
// creation: it does not sync by itself, and its memory is zeroed, since pages are written out with
// whatever was between their items.
//
// Not for reading: damaged files make libdb hang or die.
#ifndef STAGEPOST_MTA_LIBDB_DATABASE_FILE_H_
#define STAGEPOST_MTA_LIBDB_DATABASE_FILE_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/env/databases.h"

namespace stagepost {

// A database in an open file.
class DatabaseFile {
 public:
  // `descriptor` is open for reading and writing, empty, and stays open until Close().
  static absl::StatusOr<std::unique_ptr<DatabaseFile>> Create(int descriptor,
                                                              const DatabaseOptions& options);
  ~DatabaseFile();

  // As DatabaseBuilder.
  absl::StatusOr<bool> Put(absl::string_view key, absl::string_view value, PutMode mode);
  // Everything is in the file, not synced, if OK.
  absl::Status Close();

 private:
  struct Handle;
  explicit DatabaseFile(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

// A database in memory, for those who have no descriptor. All of it may be held in libdb's cache,
// whatever the options say: so equal calls give equal bytes, up to kMaxReproducibleBytes. (When
// pages leave a cache and come back depends on addresses, and so does what is between items.)
class DatabaseImage {
 public:
  static constexpr uint64_t kMaxReproducibleBytes = 64 << 20;

  static absl::StatusOr<std::unique_ptr<DatabaseImage>> Create(DatabaseOptions options);
  ~DatabaseImage();

  absl::StatusOr<bool> Put(absl::string_view key, absl::string_view value, PutMode mode) {
    return file_->Put(key, value, mode);
  }
  // The bytes of the complete file.
  absl::StatusOr<std::string> Finish();

 private:
  explicit DatabaseImage(int descriptor) : descriptor_(descriptor) {}
  const int descriptor_;
  std::unique_ptr<DatabaseFile> file_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_LIBDB_DATABASE_FILE_H_
