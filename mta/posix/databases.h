// Databases on Linux: libdb, in the file itself.
#ifndef STAGEPOST_MTA_POSIX_DATABASES_H_
#define STAGEPOST_MTA_POSIX_DATABASES_H_

#include <memory>

#include "absl/status/statusor.h"
#include "mta/env/databases.h"

namespace stagepost {

class PosixDatabases final : public Databases {
 public:
  // Needs /proc. Opens the file a second time, as the process.
  absl::StatusOr<std::unique_ptr<DatabaseBuilder>> Build(File& file,
                                                         const DatabaseOptions& options) override;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_DATABASES_H_
