// What a site does when its host is busy or its disk is full. Operations Guide, 4.4 (Load Limiting)
// and 5.6 (QueueLA, RefuseLA, DelayLA, QueueFactor, MinFreeBlocks).
#ifndef STAGEPOST_MTA_POLICY_LOAD_LIMITS_H_
#define STAGEPOST_MTA_POLICY_LOAD_LIMITS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/async/task.h"
#include "mta/cf/options.h"
#include "mta/cf/port_options.h"
#include "mta/env/file_system.h"
#include "mta/env/host.h"

namespace stagepost {

// How long a command, or a port, waits at a time above DelayLA.
inline constexpr absl::Duration kLoadDelay = absl::Seconds(1);

// Load averages, of the last minute, as limits are compared with them: 20.6 counts as 21.
int RoundedLoad(const Host& host);

struct LoadLimits {
  int64_t delay = 0;   // from this on commands and connections wait; 0: never
  int64_t queue = 0;   // from this on messages may wait in the queue
  int64_t refuse = 0;  // from this on connections are refused; 0: never

  bool delays(int load) const { return delay > 0 && load >= delay; }
  bool refuses(int load) const { return refuse > 0 && load >= refuse; }
};

// Those of the options, or of the port where it has its own. QueueLA and RefuseLA are by default 8
// and 12 for each processor.
LoadLimits LoadLimitsOf(const Options& options, const PortOptions& port, int processors);

// Whether a message of this priority number waits for a queue run: the busier the host, the more
// do.
bool MustQueue(int load, int64_t queue_limit, int64_t priority, int64_t queue_factor);

struct DiskSpace {
  bool enough = true;
  // Not enough: the log's line (alert), behind a queue id, with the most that there is.
  std::string warning;
};

// Whether one of the queue directories has room for a message of `bytes` beside MinFreeBlocks.
// `client` is the name that the log line has. A file system that can not be asked has room.
Task<DiskSpace> CheckDiskSpace(FileSystem& files, std::vector<std::string> directories,
                               int64_t min_free_blocks, int64_t bytes, absl::string_view client);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POLICY_LOAD_LIMITS_H_
