// What a crash may leave of one file's unsynced changes (Inode::pending).
#ifndef STAGEPOST_SIM_WORLD_DISK_PENDING_H_
#define STAGEPOST_SIM_WORLD_DISK_PENDING_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sim/world/disk_inode.h"

namespace stagepost {

class Choices;

// One possible outcome for a file.
struct PendingOutcome {
  std::vector<bool> kept;  // one flag for each pending change, in order
  struct Tear {
    size_t change = 0;   // a kept write
    uint64_t bytes = 0;  // of it reached the disk; fewer than its length
    bool zero_tail =
        false;  // the file has its full new size; what is missing at its end reads as 0
  };
  std::optional<Tear> tear;
};

// REQUIRES: `inode` has pending changes. Everything kept is the mildest.
PendingOutcome DrawOutcome(const Inode& inode, Choices& choices);

// Takes all pending changes back, then makes the kept ones again; none are pending afterwards.
// Times are those of the last sync unless the newest change was kept.
void Settle(Inode& inode, const PendingOutcome& outcome);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_DISK_PENDING_H_
