#include "sim/world/disk_inode.h"

#include "sim/world/disk_locks.h"

namespace stagepost {

// Here, where InodeLocks is complete.
Inode::Inode() = default;
Inode::~Inode() = default;

}  // namespace stagepost
