#include "mta/queue/queue_id_pages.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "mta/base/check.h"
#include "mta/base/status_macros.h"

namespace stagepost {

Task<absl::Status> ReadQueueFileNames(
    FileSystem& files, std::string directory,
    absl::FunctionRef<void(absl::string_view kind, const CompactQueueId& id)> take) {
  constexpr size_t kKindBytes = 2;
  CO_ASSIGN_OR_RETURN(const std::unique_ptr<DirectoryReader> reader,
                      co_await files.OpenDirectory(directory));
  while (true) {
    CO_ASSIGN_OR_RETURN(const absl::Span<const DirectoryName> batch, co_await reader->Next());
    if (batch.empty()) co_return absl::OkStatus();
    for (const DirectoryName& entry : batch) {
      const absl::string_view name = entry.name;
      if (name.size() < kKindBytes || !IsQueueId(name.substr(kKindBytes))) continue;
      if (entry.type == FileType::kDirectory) continue;
      take(name.substr(0, kKindBytes), CompactQueueId(name.substr(kKindBytes)));
    }
  }
}

QueueIdPages::QueueIdPages(FileSystem& files, std::string directory, std::string kind,
                           Filter wanted, size_t max_held)
    : files_(files),
      directory_(std::move(directory)),
      kind_(std::move(kind)),
      wanted_(std::move(wanted)),
      max_held_(max_held) {
  CHECK(max_held >= 2);
}

Task<absl::StatusOr<absl::Span<const CompactQueueId>>> QueueIdPages::Next() {
  if (passes_ > 0) {
    if (complete_) co_return absl::Span<const CompactQueueId>();
    behind_ = ids_.back();
  }
  ids_.clear();
  complete_ = true;
  size_t seen = 0;
  CO_RETURN_IF_ERROR(co_await ReadQueueFileNames(
      files_, directory_, [this, &seen](absl::string_view kind, const CompactQueueId& id) {
        if (kind != kind_ || !(behind_ < id)) return;
        if (wanted_ != nullptr && !wanted_(id)) return;
        ++seen;
        Take(id);
      }));
  if (passes_++ == 0) count_ = seen;
  std::sort(ids_.begin(), ids_.end());
  co_return absl::MakeConstSpan(ids_);
}

void QueueIdPages::Take(const CompactQueueId& id) {
  if (!complete_ && last_ < id) return;
  if (ids_.size() == max_held_) KeepFirstHalf();
  if (!complete_ && last_ < id) return;
  if (ids_.size() == ids_.capacity()) {
    ids_.reserve(std::min(max_held_, std::max<size_t>(1024, 2 * ids_.capacity())));
  }
  ids_.push_back(id);
}

void QueueIdPages::KeepFirstHalf() {
  const auto middle = ids_.begin() + static_cast<ptrdiff_t>(max_held_ / 2);
  std::nth_element(ids_.begin(), middle - 1, ids_.end());
  last_ = *(middle - 1);
  ids_.erase(middle, ids_.end());
  complete_ = false;
}

}  // namespace stagepost
