// Building Berkeley DB databases, the files that makemap and newaliases write and sendmail's maps
// of types hash and btree read.
//
// A database is built whole, in a new file, which then takes the place of the old one: a database
// in use is never changed. For reading there is mta/maps/db_file.h, which needs nothing but the
// bytes.
//
//   CO_ASSIGN_OR_RETURN(auto builder, env.databases().Build(*file, {.type = DatabaseType::kHash}));
//   CO_ASSIGN_OR_RETURN(bool stored, builder->Put("key", "value", PutMode::kKeep));
//   CO_RETURN_IF_ERROR(co_await builder->Finish());
//   CO_RETURN_IF_ERROR(co_await file->Sync());
#ifndef STAGEPOST_MTA_ENV_DATABASES_H_
#define STAGEPOST_MTA_ENV_DATABASES_H_

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/file_system.h"

namespace stagepost {

enum class DatabaseType : uint8_t { kHash, kBtree };

struct DatabaseOptions {
  DatabaseType type = DatabaseType::kHash;
  bool duplicates = false;  // a key may have several values; they keep their order
  // What may be held in memory of a database that is larger. Small ones need less; libdb needs some
  // 100 KB in any case.
  uint64_t cache_bytes = 32 << 20;
};

enum class PutMode : uint8_t {
  kKeep,     // a key that is there already stays as it is
  kReplace,  // gets the new value; with duplicates: one more value
};

// A database on its way into a file. Destroyed before Finish() it leaves the file in any state.
class DatabaseBuilder {
 public:
  virtual ~DatabaseBuilder() = default;

  // Whether it was stored; false: the key was there, and PutMode::kKeep. Empty keys and values are
  // as good as others; the limit is 4 GiB each. Errors are those of writing the file, with an Errno
  // where there is one; the database is then lost. Does not suspend.
  virtual absl::StatusOr<bool> Put(absl::string_view key, absl::string_view value,
                                   PutMode mode) = 0;

  // The file holds the complete database when this has returned OK; it is not synced. Nothing may
  // be called afterwards.
  virtual Task<absl::Status> Finish() = 0;
};

class Databases {
 public:
  virtual ~Databases() = default;

  // Begins a database in `file`, which was opened through files() of the same Environment for
  // reading and writing, is empty, and outlives the builder. Who may read the result is the
  // business of whoever created the file. Locks of kind kFcntl on it get lost. kUnimplemented: this
  // build has no Berkeley DB.
  virtual absl::StatusOr<std::unique_ptr<DatabaseBuilder>> Build(
      File& file, const DatabaseOptions& options) = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_DATABASES_H_
