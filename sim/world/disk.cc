#include "sim/world/disk.h"

#include <algorithm>
#include <utility>

#include "mta/base/check.h"
#include "sim/world/disk_permissions.h"

namespace stagepost {
Disk::Disk(absl::Time now, const DiskOptions& options) : options_(options) {
  root_ = new Inode;
  root_->number = next_inode_number_++;
  root_->type = FileType::kDirectory;
  root_->attributes.mode = 0755;
  root_->times = {now, now, now};
  root_->links = 2;
  root_->parent = root_;
  root_->blocks = 1;
  inodes_.PushBack(*root_);
  used_blocks_ = 1;
  inode_count_ = 1;
  const Identity identity;
  const DiskCaller caller{identity, 0, nullptr, 0, now};
  CHECK(MakeDirectory(caller, "/dev", 0755) == Errno::kOk);
  CHECK(MakeNullDevice(caller, "/dev/null", 0666) == Errno::kOk);
  SyncAll();
}

Disk::~Disk() {
  while (!open_files_.empty()) delete &open_files_.PopFront();
  while (!inodes_.empty()) delete &inodes_.PopFront();
}

FileStat Disk::StatOf(const Inode& inode) const {
  FileStat stat;
  stat.type = inode.type;
  stat.mode = inode.attributes.mode;
  stat.owner = inode.attributes.owner;
  stat.group = inode.attributes.group;
  stat.size = inode.is_directory() ? kBlockBytes : inode.bytes.size();  // of a FIFO: 0
  stat.inode = inode.number;
  stat.device = options_.device;
  stat.links = inode.links;
  stat.accessed = inode.times.accessed;
  stat.modified = inode.times.modified;
  stat.changed = inode.times.changed;
  return stat;
}

DiskResult<const Inode*> Disk::Find(const DiskCaller& caller, absl::string_view path,
                                    bool follow) const {
  const Walked at = Existing(caller, path, follow ? Last::kFollow : Last::kNoFollow);
  return {at.error, at.inode};
}

// --- Space and lifetime.

bool Disk::Privileged(const DiskCaller& caller) {
  return caller.exceeds_limits || IsRoot(caller.identity);
}

uint64_t Disk::AvailableBlocks(bool privileged) const {
  if (full_) return 0;
  const uint64_t kept = privileged ? 0 : options_.reserved_blocks;
  const uint64_t taken = used_blocks_ + kept;
  return taken < options_.blocks ? options_.blocks - taken : 0;
}

uint64_t Disk::BlocksFor(FileType type, uint64_t bytes) {
  if (type == FileType::kDirectory) return 1;
  return type == FileType::kRegular ? (bytes + kBlockBytes - 1) / kBlockBytes : 0;
}

// Makes the inode pay for `bytes`; nothing changes if there is not the space.
Errno Disk::Charge(const DiskCaller& caller, Inode& inode, uint64_t bytes) {
  if (full_ && bytes > inode.bytes.size()) return Errno::kENOSPC;
  const uint64_t wanted = BlocksFor(inode.type, bytes);
  if (wanted > inode.blocks) {
    const uint64_t more = wanted - inode.blocks;
    const InodeAttributes& whose = inode.attributes;
    if (!WithinQuota(caller, whose.owner, whose.group, more, 0)) return Errno::kEDQUOT;
    if (more > AvailableBlocks(Privileged(caller))) return Errno::kENOSPC;
  }
  SetBlocks(inode, wanted);
  return Errno::kOk;
}

uint64_t Disk::Room(const DiskCaller& caller, const Inode& inode) const {
  uint64_t room = AvailableBlocks(Privileged(caller));
  if (!has_quota() || Privileged(caller)) return room;
  const auto limit = [&](const Usage& usage) {
    if (usage.quota.blocks == 0) return;
    room = std::min(room, usage.quota.blocks - std::min(usage.quota.blocks, usage.blocks));
  };
  const auto of_user = user_usage_.find(inode.attributes.owner);
  if (of_user != user_usage_.end()) limit(of_user->second);
  const auto of_group = group_usage_.find(inode.attributes.group);
  if (of_group != group_usage_.end()) limit(of_group->second);
  return room;
}

void Disk::SetBlocks(Inode& inode, uint64_t blocks) {
  used_blocks_ += blocks - inode.blocks;
  if (has_quota()) {
    ForUsage(inode.attributes.owner, inode.attributes.group,
             [&](Usage& usage) { usage.blocks += blocks - inode.blocks; });
  }
  inode.blocks = blocks;
}

// --- Quota.

bool Disk::WithinQuota(const DiskCaller& caller, std::optional<UserId> user,
                       std::optional<GroupId> group, uint64_t blocks, uint64_t inodes) const {
  if (!has_quota() || Privileged(caller)) return true;
  const auto fits = [](uint64_t used, uint64_t more, uint64_t limit) {
    return more == 0 || limit == 0 || used + more <= limit;
  };
  const auto within = [&](const Usage& usage) {
    return fits(usage.blocks, blocks, usage.quota.blocks) &&
           fits(usage.inodes, inodes, usage.quota.inodes);
  };
  const auto of_user = user.has_value() ? user_usage_.find(*user) : user_usage_.end();
  const auto of_group = group.has_value() ? group_usage_.find(*group) : group_usage_.end();
  return (of_user == user_usage_.end() || within(of_user->second)) &&
         (of_group == group_usage_.end() || within(of_group->second));
}

void Disk::Count(const Inode& inode) {
  if (!has_quota()) return;
  ForUsage(inode.attributes.owner, inode.attributes.group, [&](Usage& usage) {
    usage.blocks += inode.blocks;
    ++usage.inodes;
  });
}

void Disk::Discount(const Inode& inode) {
  if (!has_quota()) return;
  ForUsage(inode.attributes.owner, inode.attributes.group, [&](Usage& usage) {
    usage.blocks -= inode.blocks;
    --usage.inodes;
  });
}

void Disk::SetQuota(UserId user, const DiskQuota& quota) {
  const auto [found, added] = user_usage_.try_emplace(user);
  found->second.quota = quota;
  if (!added) return;
  for (const Inode& inode : inodes_) {
    if (!inode.alive || inode.attributes.owner != user) continue;
    found->second.blocks += inode.blocks;
    ++found->second.inodes;
  }
}

void Disk::SetQuota(GroupId group, const DiskQuota& quota) {
  const auto [found, added] = group_usage_.try_emplace(group);
  found->second.quota = quota;
  if (!added) return;
  for (const Inode& inode : inodes_) {
    if (!inode.alive || inode.attributes.group != group) continue;
    found->second.blocks += inode.blocks;
    ++found->second.inodes;
  }
}

void Disk::FreeIfUnused(Inode& inode) {
  if (inode.links != 0 || inode.opens != 0) return;
  // Space is free at once, even while a crash could still bring the file back.
  if (inode.alive) {
    inode.alive = false;
    Discount(inode);
    used_blocks_ -= inode.blocks;
    --inode_count_;
  }
  if (inode.pins != 0) return;
  Inode* parent = inode.parent;
  delete &inode;
  if (parent == nullptr) return;
  --parent->pins;
  FreeIfUnused(*parent);
}

void Disk::SetParent(Inode& directory, Inode* parent) {
  Inode* old = directory.parent;
  directory.parent = parent;
  ++parent->pins;
  if (old == nullptr) return;
  --old->pins;
  FreeIfUnused(*old);
}

// --- What is pending.

PendingChange& Disk::RecordChange(Inode& inode, PendingChange::Kind kind) {
  if (durable_) {
    if (kind != PendingChange::Kind::kAttributes) inode.pending.clear();
    return not_pending_;
  }
  if (inode.pending.empty()) inode.synced_times = inode.times;
  if (inode.pending.size() >= kMaxPendingChanges) {
    inode.pending.erase(inode.pending.begin(), inode.pending.begin() + kMaxPendingChanges / 2);
  }
  PendingChange& change = inode.pending.emplace_back();
  change.kind = kind;
  change.old_size = inode.bytes.size();
  return change;
}

void Disk::RecordEntries(EntryOperation operation) {
  journal_.Append(std::move(operation));
  Retire(durable_ ? journal_.TakeLast() : journal_.TakeOverflow());
}

void Disk::Retire(const std::vector<EntryOperation>& operations) {
  const auto unpin = [this](Inode* inode) {
    if (inode == nullptr) return;
    --inode->pins;
    FreeIfUnused(*inode);
  };
  for (const EntryOperation& operation : operations) {
    for (const EntryChange& change : operation.all()) {
      unpin(change.before);
      unpin(change.after);
      unpin(change.directory);
    }
  }
}

void Disk::SyncDirectoryInode(Inode& directory) {
  directory.pending.clear();
  Retire(journal_.TakeForSync(directory));
}

void Disk::SyncAll() {
  Retire(journal_.TakeAll());
  for (Inode& inode : inodes_) {
    inode.pending.clear();
    inode.sync_failed = false;
  }
}

// --- The world.

void Disk::ReleaseProcess(uint64_t process) {
  // Waiters first: closing a file may grant its lock.
  for (const OpenFile& file : open_files_) {
    if (file.process() != process || file.inode_->locks == nullptr) continue;
    List<LockWaiter>& waiters = file.inode_->locks->waiters;
    for (auto it = waiters.begin(); it != waiters.end();) {
      LockWaiter& waiter = *it;
      ++it;
      if (&waiter.file() == &file) waiter.Unlink();
    }
  }
  for (auto it = open_files_.begin(); it != open_files_.end();) {
    OpenFile& file = *it;
    ++it;
    if (file.process() == process) Close(file);
  }
}

}  // namespace stagepost
