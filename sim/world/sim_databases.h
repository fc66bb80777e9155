// Databases on simulated disks: built by libdb in memory, then written to the simulated file, where
// everything may happen that happens to files. Equal calls give equal bytes.
#ifndef STAGEPOST_SIM_WORLD_SIM_DATABASES_H_
#define STAGEPOST_SIM_WORLD_SIM_DATABASES_H_

#include <memory>

#include "absl/status/statusor.h"
#include "mta/env/databases.h"

namespace stagepost {

class SimDatabases final : public Databases {
 public:
  // Without Berkeley DB every Build() fails with kUnimplemented.
  explicit SimDatabases(bool available) : available_(available) {}

  absl::StatusOr<std::unique_ptr<DatabaseBuilder>> Build(File& file,
                                                         const DatabaseOptions& options) override;

 private:
  const bool available_;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_SIM_DATABASES_H_
