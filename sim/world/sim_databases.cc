#include "sim/world/sim_databases.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mta/base/status_macros.h"
#include "mta/libdb/database_file.h"

namespace stagepost {
namespace {

constexpr size_t kBlockBytes = 64 * 1024;

class SimDatabaseBuilder final : public DatabaseBuilder {
 public:
  SimDatabaseBuilder(File& file, std::unique_ptr<DatabaseImage> image)
      : file_(file), image_(std::move(image)) {}

  absl::StatusOr<bool> Put(absl::string_view key, absl::string_view value, PutMode mode) override {
    return image_->Put(key, value, mode);
  }

  Task<absl::Status> Finish() override {
    CO_ASSIGN_OR_RETURN(const std::string bytes, image_->Finish());
    for (size_t at = 0; at < bytes.size();) {
      const absl::string_view block = absl::string_view(bytes).substr(at, kBlockBytes);
      CO_ASSIGN_OR_RETURN(const size_t written, co_await file_.Write(at, block));
      at += written;
    }
    co_return absl::OkStatus();
  }

 private:
  File& file_;
  const std::unique_ptr<DatabaseImage> image_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<DatabaseBuilder>> SimDatabases::Build(
    File& file, const DatabaseOptions& options) {
  if (!available_) return absl::UnimplementedError("built without Berkeley DB");
  absl::StatusOr<std::unique_ptr<DatabaseImage>> image = DatabaseImage::Create(options);
  if (!image.ok()) return image.status();
  return std::make_unique<SimDatabaseBuilder>(file, *std::move(image));
}

}  // namespace stagepost
