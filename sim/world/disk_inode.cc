#include "sim/world/disk_inode.h"

#include "sim/world/disk_fifo.h"
#include "sim/world/disk_locks.h"

namespace stagepost {

// Here, where Fifo and InodeLocks are complete.
Inode::Inode() = default;
Inode::~Inode() = default;

}  // namespace stagepost
