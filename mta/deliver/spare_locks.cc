#include "mta/deliver/spare_locks.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

std::string SparePath(absl::string_view mailbox) {
  const size_t name = mailbox.rfind('/') + 1;  // 0 without one
  return absl::StrCat(mailbox.substr(0, name), ".", mailbox.substr(name), ".lock.spare");
}

}  // namespace

std::shared_ptr<SpareLock> SpareLocks::Of(const std::string& mailbox,
                                          std::shared_ptr<FileSystem> files) {
  const auto known = spares_.find(mailbox);
  if (known != spares_.end()) return known->second;
  if (spares_.size() >= kMost) return nullptr;
  auto spare = std::make_shared<SpareLock>();
  spare->path = SparePath(mailbox);
  spare->files = std::move(files);
  spares_.emplace(mailbox, spare);
  return spare;
}

Task<void> SpareLocks::Remove(absl::Duration age) {
  const MonotonicTime now = env_.clock().MonotonicNow();
  std::vector<std::shared_ptr<SpareLock>> old;
  for (auto each = spares_.begin(); each != spares_.end();) {
    if (each->second->released.has_value() && now - *each->second->released < age) {
      ++each;
      continue;
    }
    if (each->second->file != nullptr) old.push_back(std::move(each->second));
    each = spares_.erase(each);
  }
  for (const std::shared_ptr<SpareLock>& spare : old) {
    FileSystem& files = spare->files != nullptr ? *spare->files : env_.files();
    // One that stays does no harm.
    (void)co_await files.Unlink(spare->path);
  }
}

}  // namespace stagepost
