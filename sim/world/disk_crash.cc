// Power failure: drawing what survives, and making the disk that remains.
#include <vector>

#include "mta/base/check.h"
#include "sim/choice/choices.h"
#include "sim/world/disk.h"
#include "sim/world/disk_pending.h"

namespace stagepost {

void Disk::Crash(Choices& choices) {
  while (!open_files_.empty()) {
    OpenFile& file = open_files_.PopFront();
    --file.inode_->opens;
    delete &file;
  }
  open_count_ = 0;
  // In order of their numbers, since inodes_ is.
  for (Inode& inode : inodes_) {
    inode.locks.reset();
    inode.fifo.reset();
    if (!inode.pending.empty()) Settle(inode, DrawOutcome(inode, choices));
  }
  const std::vector<bool> kept = journal_.DrawSurvivors(choices);
  EntryJournal::Settle(journal_.TakeAll(), kept);
  Reattach();
}

// Counts links, parents and space anew from what can be reached, and frees the rest.
void Disk::Reattach() {
  for (Inode& inode : inodes_) {
    inode.links = inode.pins = 0;
    inode.parent = nullptr;
  }
  used_blocks_ = 1;
  inode_count_ = 1;
  for (auto& [user, usage] : user_usage_) usage.blocks = usage.inodes = 0;
  for (auto& [group, usage] : group_usage_) usage.blocks = usage.inodes = 0;
  Count(*root_);
  root_->parent = root_;
  root_->links = 2;
  std::vector<Inode*> directories{root_};
  while (!directories.empty()) {
    Inode& directory = *directories.back();
    directories.pop_back();
    for (const DirectoryEntries::Entry& entry : directory.entries.entries()) {
      Inode& inode = *entry.inode;
      if (inode.links++ == 0) {
        ++inode_count_;
        inode.alive = true;
        inode.blocks = BlocksFor(inode.type, inode.bytes.size());
        used_blocks_ += inode.blocks;
        Count(inode);
      } else {
        CHECK(!inode.is_directory()) << "crash gave a directory two names: " << entry.name;
      }
      if (!inode.is_directory()) continue;
      inode.links = 2;
      inode.parent = &directory;
      ++directory.links;
      ++directory.pins;
      directories.push_back(&inode);
    }
  }
  for (auto it = inodes_.begin(); it != inodes_.end();) {
    Inode& inode = *it;
    ++it;
    if (inode.links == 0) delete &inode;
  }
}

}  // namespace stagepost
