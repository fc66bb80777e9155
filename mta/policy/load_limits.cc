#include "mta/policy/load_limits.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace stagepost {
namespace {

constexpr int64_t kQueueLoadPerProcessor = 8;
constexpr int64_t kRefuseLoadPerProcessor = 12;

int64_t LimitOf(const Options& options, OptionId id, int64_t by_default) {
  return options.IsSet(id) ? options.Number(id) : by_default;
}

}  // namespace

int RoundedLoad(const Host& host) {
  const double load = host.load_average();
  // Also not a number.
  if (!(load > 0)) return 0;
  return static_cast<int>(std::min(load + 0.5, 1e6));
}

LoadLimits LoadLimitsOf(const Options& options, const PortOptions& port, int processors) {
  LoadLimits limits;
  limits.delay = port.delay_load.value_or(options.Number(OptionId::kDelayLA));
  const int64_t queue = LimitOf(options, OptionId::kQueueLA, kQueueLoadPerProcessor * processors);
  limits.queue = port.queue_load.value_or(queue);
  const int64_t refuse =
      LimitOf(options, OptionId::kRefuseLA, kRefuseLoadPerProcessor * processors);
  limits.refuse = port.refuse_load.value_or(refuse);
  return limits;
}

bool MustQueue(int load, int64_t queue_limit, int64_t priority, int64_t queue_factor) {
  if (load < queue_limit) return false;
  return priority > queue_factor / (load - queue_limit + 1);
}

Task<DiskSpace> CheckDiskSpace(FileSystem& files, std::vector<std::string> directories,
                               int64_t min_free_blocks, int64_t bytes, absl::string_view client) {
  const int64_t reserved = std::max<int64_t>(0, min_free_blocks);
  bytes = std::max<int64_t>(0, bytes);
  if (reserved == 0 && bytes == 0) co_return DiskSpace{};
  uint64_t most = 0;
  for (const std::string& directory : directories) {
    const absl::StatusOr<FreeSpace> space = co_await files.GetFreeSpace(directory);
    if (!space.ok() || space->block_bytes == 0) co_return DiskSpace{};
    const uint64_t size = static_cast<uint64_t>(bytes);
    const uint64_t needed = static_cast<uint64_t>(reserved) + size / space->block_bytes +
                            (size % space->block_bytes == 0 ? 0 : 1);
    if (space->free_blocks >= needed) co_return DiskSpace{};
    most = std::max(most, space->free_blocks);
  }
  if (directories.empty()) co_return DiskSpace{};
  co_return DiskSpace{.enough = false,
                      .warning = absl::StrCat(
                          "low on space (", client, " needs ", bytes, " bytes + ", reserved,
                          " blocks in ", absl::StrJoin(directories, ", "), "), max avail: ", most)};
}

}  // namespace stagepost
