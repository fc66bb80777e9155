#include "mta/posix/databases.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "mta/libdb/database_file.h"
#include "mta/posix/file.h"
#include "mta/posix/thread_identity.h"

namespace stagepost {
namespace {

class PosixDatabaseBuilder final : public DatabaseBuilder {
 public:
  explicit PosixDatabaseBuilder(std::unique_ptr<DatabaseFile> database)
      : database_(std::move(database)) {}

  absl::StatusOr<bool> Put(absl::string_view key, absl::string_view value, PutMode mode) override {
    ActAsOneself();
    return database_->Put(key, value, mode);
  }
  Task<absl::Status> Finish() override {
    ActAsOneself();
    co_return database_->Close();
  }

 private:
  const std::unique_ptr<DatabaseFile> database_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<DatabaseBuilder>> PosixDatabases::Build(
    File& file, const DatabaseOptions& options) {
  const auto* const posix_file = dynamic_cast<const PosixFile*>(&file);
  CHECK(posix_file != nullptr) << "a file of another Environment";
  ActAsOneself();
  absl::StatusOr<std::unique_ptr<DatabaseFile>> database =
      DatabaseFile::Create(posix_file->descriptor(), options);
  if (!database.ok()) return database.status();
  return std::make_unique<PosixDatabaseBuilder>(*std::move(database));
}

}  // namespace stagepost
