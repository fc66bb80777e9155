#include "mta/queue/spare_files.h"

#include <algorithm>
#include <iterator>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace stagepost {

Task<void> SpareFiles::EndReceiving() {
  if (--receiving_ > 0) co_return;
  // Who comes meanwhile keeps what is kept from then on.
  std::map<Place, std::vector<Kept>> leaving = std::exchange(spares_, {});
  for (auto& [place, files] : leaving) {
    // What cannot be removed now, a queue run removes.
    for (const Kept& kept : files) (void)co_await env_.files().Unlink(kept.file.name);
  }
}

Task<bool> SpareFiles::Keep(std::string directory, SpareKind kind, std::string name,
                            std::unique_ptr<File>& file) {
  const Place place(std::move(directory), kind);
  if (receiving_ == 0 || file == nullptr || spares_[place].size() >= kMaxSpareFiles) {
    co_return false;
  }
  const absl::StatusOr<FileStat> stat = co_await file->Stat();
  if (!stat.ok() || stat->links != 1 || stat->size > kMaxSpareBytes) co_return false;
  Kept kept;
  kept.file.size = stat->size;
  kept.file.id = {stat->device, stat->inode};
  kept.file.name = std::move(name);
  if (kind == SpareKind::kControl) {
    const std::string old_name = std::exchange(
        kept.file.name,
        absl::StrCat(place.first, kSparePrefix, static_cast<int64_t>(pid_), ".", ++names_));
    if (!(co_await env_.files().RenameNew(old_name, kept.file.name)).ok()) co_return false;
  }
  if (receiving_ == 0) {
    // The last one has left meanwhile.
    (void)co_await env_.files().Unlink(kept.file.name);
    co_return true;
  }
  kept.number = ++kept_;
  kept.file.file = std::move(file);
  spares_[place].push_back(std::move(kept));
  co_return true;
}

Task<std::optional<SpareFile>> SpareFiles::Take(std::string directory, SpareKind kind) {
  const auto found = spares_.find(Place(std::move(directory), kind));
  if (found == spares_.end()) co_return std::nullopt;
  std::vector<Kept>& files = found->second;
  auto last = files.end();
  if (kind == SpareKind::kControl) {
    const auto flushed = flushed_.find(found->first.first);
    const uint64_t mark = flushed == flushed_.end() ? 0 : flushed->second;
    last = std::partition_point(files.begin(), files.end(),
                                [&](const Kept& each) { return each.number <= mark; });
  }
  if (last == files.begin()) co_return std::nullopt;
  Kept kept = std::move(*std::prev(last));
  files.erase(std::prev(last));
  if (kind == SpareKind::kControl) {
    // Somebody may have tidied up.
    const absl::StatusOr<FileStat> stat = co_await kept.file.file->Stat();
    if (!stat.ok() || stat->links != 1) co_return std::nullopt;
  }
  env_.probes().Reached("queue: a file of a message that was done serves the next one");
  co_return std::move(kept.file);
}

void SpareFiles::Flushed(absl::string_view directory, uint64_t mark) {
  const auto known = flushed_.find(directory);
  if (known == flushed_.end()) {
    flushed_.emplace(directory, mark);
  } else {
    known->second = std::max(known->second, mark);
  }
}

}  // namespace stagepost
