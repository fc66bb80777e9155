// Calls on paths: making, removing and renaming entries; reading and changing what they lead to.
#include <algorithm>
#include <utility>

#include "mta/base/check.h"
#include "sim/world/disk.h"
#include "sim/world/disk_permissions.h"

namespace stagepost {
namespace {

void Touch(Inode& directory, absl::Time now) {
  directory.times.modified = directory.times.changed = now;
}

EntryOperation OneEntry(Inode& directory, absl::string_view name, Inode* before, Inode* after) {
  EntryOperation operation;
  operation.count = 1;
  operation.changes[0] = {&directory, std::string(name), before, after};
  return operation;
}

bool IsInside(const Inode* directory, const Inode& ancestor) {
  while (directory != &ancestor && directory->parent != directory) directory = directory->parent;
  return directory == &ancestor;
}

}  // namespace

// --- New entries.

// Makes a new inode at `at`, where there is nothing yet.
DiskResult<Inode*> Disk::Create(const DiskCaller& caller, const Walked& at, FileType type,
                                FileMode mode) {
  Inode& directory = *at.parent;
  const Errno error = MayAddEntry(caller, directory);
  if (error != Errno::kOk) return {error};
  const uint64_t blocks = BlocksFor(type, 0);
  if (full_ || inode_count_ >= options_.inodes || blocks > AvailableBlocks(Privileged(caller))) {
    return {Errno::kENOSPC};
  }
  const FileMode umask = type == FileType::kSymlink ? 0 : caller.umask;
  const InodeAttributes attributes = NewAttributes(caller.identity, directory, type, mode, umask);
  if (!WithinQuota(caller, attributes.owner, attributes.group, blocks, 1)) {
    return {Errno::kEDQUOT};
  }
  Inode* inode = new Inode;
  inode->number = next_inode_number_++;
  inode->type = type;
  inode->attributes = attributes;
  inode->times = {caller.now, caller.now, caller.now};
  inode->blocks = blocks;
  inodes_.PushBack(*inode);
  used_blocks_ += blocks;
  ++inode_count_;
  Count(*inode);
  EntryOperation operation = OneEntry(directory, at.name, nullptr, inode);
  if (type == FileType::kDirectory) {
    inode->links = 2;
    ++directory.links;
    SetParent(*inode, &directory);
    operation.created_directory = inode;
  } else {
    inode->links = 1;
  }
  directory.entries.Set(at.name, inode);
  Touch(directory, caller.now);
  RecordEntries(std::move(operation));
  return {Errno::kOk, inode};
}

Errno Disk::MakeDirectory(const DiskCaller& caller, absl::string_view path, FileMode mode) {
  const Walked at = NewEntry(caller, path, /*directory=*/true);
  if (at.error != Errno::kOk) return at.error;
  mode &= kStickyBit | 0777;
  return Create(caller, at, FileType::kDirectory, mode).error;
}

Errno Disk::Symlink(const DiskCaller& caller, absl::string_view target, absl::string_view path) {
  if (target.empty()) return Errno::kENOENT;
  if (target.size() > kMaxPathBytes) return Errno::kENAMETOOLONG;
  const Walked at = NewEntry(caller, path, /*directory=*/false);
  if (at.error != Errno::kOk) return at.error;
  const DiskResult<Inode*> made = Create(caller, at, FileType::kSymlink, 0777);
  // A symbolic link comes into being with its target.
  if (made.ok()) made.value->bytes = std::string(target);
  return made.error;
}

Errno Disk::MakeNullDevice(const DiskCaller& caller, absl::string_view path, FileMode mode) {
  const Walked at = NewEntry(caller, path, /*directory=*/false);
  if (at.error != Errno::kOk) return at.error;
  if (!IsRoot(caller.identity)) return Errno::kEPERM;
  return Create(caller, at, FileType::kCharacterDevice, mode & 0777).error;
}

Errno Disk::MakeFifo(const DiskCaller& caller, absl::string_view path, FileMode mode) {
  const Walked at = NewEntry(caller, path, /*directory=*/false);
  if (at.error != Errno::kOk) return at.error;
  return Create(caller, at, FileType::kFifo, mode & kAllModeBits).error;
}

Errno Disk::Link(const DiskCaller& caller, absl::string_view from, absl::string_view to) {
  const Walked source = Existing(caller, from, Last::kNoFollow);
  if (source.error != Errno::kOk) return source.error;
  const Walked at = NewEntry(caller, to, /*directory=*/false);
  if (at.error != Errno::kOk) return at.error;
  Inode& inode = *source.inode;
  if (options_.protected_hardlinks && !MayChangeAttributes(caller.identity, inode)) {
    const FileMode mode = inode.attributes.mode;
    constexpr FileMode kSetGroupExecute = kSetGroupBit | kGroupExecuteBit;
    if (!inode.is_regular() || (mode & kSetUserBit) != 0 ||
        (mode & kSetGroupExecute) == kSetGroupExecute ||
        !MayAccess(caller.identity, inode, kMayRead | kMayWrite)) {
      return Errno::kEPERM;
    }
  }
  const Errno error = MayAddEntry(caller, *at.parent);
  if (error != Errno::kOk) return error;
  if (inode.is_directory()) return Errno::kEPERM;
  if (inode.links >= kMaxLinks) return Errno::kEMLINK;
  ++inode.links;
  inode.times.changed = caller.now;
  at.parent->entries.Set(at.name, &inode);
  Touch(*at.parent, caller.now);
  RecordEntries(OneEntry(*at.parent, at.name, nullptr, &inode));
  return Errno::kOk;
}

// --- Entries that go.

// One entry no longer leads to `inode`.
void Disk::DropLink(Inode& inode, absl::Time now) {
  inode.links = inode.is_directory() ? 0 : inode.links - 1;
  inode.times.changed = now;
  FreeIfUnused(inode);
}

Errno Disk::Unlink(const DiskCaller& caller, absl::string_view path) {
  const Walked at = Walk(caller, path, Last::kEntry);
  if (at.error != Errno::kOk) return at.error;
  if (at.dots) return Errno::kEISDIR;
  if (at.too_long) return Errno::kENAMETOOLONG;
  if (at.inode == nullptr) return Errno::kENOENT;
  if (at.trailing_slash) return at.inode->is_directory() ? Errno::kEISDIR : Errno::kENOTDIR;
  const Errno error = MayRemoveEntry(caller, *at.parent, *at.inode, /*expect_directory=*/false);
  if (error != Errno::kOk) return error;
  RecordEntries(OneEntry(*at.parent, at.name, at.inode, nullptr));
  at.parent->entries.Set(at.name, nullptr);
  Touch(*at.parent, caller.now);
  DropLink(*at.inode, caller.now);
  return Errno::kOk;
}

Errno Disk::RemoveDirectory(const DiskCaller& caller, absl::string_view path) {
  const Walked at = Walk(caller, path, Last::kEntry);
  if (at.error != Errno::kOk) return at.error;
  if (at.dots) {
    if (at.name == "..") return Errno::kENOTEMPTY;
    return at.name == "." ? Errno::kEINVAL : Errno::kEBUSY;
  }
  if (at.too_long) return Errno::kENAMETOOLONG;
  if (at.inode == nullptr) return Errno::kENOENT;
  const Errno error = MayRemoveEntry(caller, *at.parent, *at.inode, /*expect_directory=*/true);
  if (error != Errno::kOk) return error;
  if (!at.inode->entries.empty()) return Errno::kENOTEMPTY;
  EntryOperation operation = OneEntry(*at.parent, at.name, at.inode, nullptr);
  operation.removed_directory = at.inode;
  RecordEntries(std::move(operation));
  at.parent->entries.Set(at.name, nullptr);
  --at.parent->links;
  Touch(*at.parent, caller.now);
  DropLink(*at.inode, caller.now);
  return Errno::kOk;
}

// --- Renaming.

Errno Disk::MayRename(const DiskCaller& caller, const Walked& from, const Walked& to) const {
  const bool directory = from.inode->is_directory();
  Errno error = MayRemoveEntry(caller, *from.parent, *from.inode, directory);
  if (error != Errno::kOk) return error;
  error = to.inode == nullptr ? MayAddEntry(caller, *to.parent)
                              : MayRemoveEntry(caller, *to.parent, *to.inode, directory);
  if (error != Errno::kOk) return error;
  // Its ".." changes.
  if (directory && from.parent != to.parent &&
      !MayAccess(caller.identity, *from.inode, kMayWrite)) {
    return Errno::kEACCES;
  }
  if (to.inode != nullptr && !to.inode->entries.empty()) return Errno::kENOTEMPTY;
  return Errno::kOk;
}

Errno Disk::RenameEntry(const DiskCaller& caller, absl::string_view from_path,
                        absl::string_view to_path, bool may_replace) {
  const Walked from = Walk(caller, from_path, Last::kEntry);
  if (from.error != Errno::kOk) return from.error;
  const Walked to = Walk(caller, to_path, Last::kEntry);
  if (to.error != Errno::kOk) return to.error;
  if (from.dots) return Errno::kEBUSY;
  if (to.dots) return may_replace ? Errno::kEBUSY : Errno::kEEXIST;
  if (from.too_long) return Errno::kENAMETOOLONG;
  if (from.inode == nullptr) return Errno::kENOENT;
  if (to.too_long) return Errno::kENAMETOOLONG;
  if (!may_replace && to.inode != nullptr) return Errno::kEEXIST;
  Inode& inode = *from.inode;
  if (!inode.is_directory() && (from.trailing_slash || to.trailing_slash)) return Errno::kENOTDIR;
  if (inode.is_directory() && IsInside(to.parent, inode)) return Errno::kEINVAL;
  if (to.inode != nullptr && to.inode->is_directory() && IsInside(from.parent, *to.inode)) {
    return Errno::kENOTEMPTY;
  }
  if (from.inode == to.inode) return Errno::kOk;
  const Errno error = MayRename(caller, from, to);
  if (error != Errno::kOk) return error;

  EntryOperation operation;
  operation.count = 2;
  operation.changes[0] = {from.parent, std::string(from.name), &inode, nullptr};
  operation.changes[1] = {to.parent, std::string(to.name), to.inode, &inode};
  operation.moved_directory = inode.is_directory() && from.parent != to.parent;
  if (to.inode != nullptr && to.inode->is_directory()) operation.removed_directory = to.inode;
  RecordEntries(std::move(operation));
  from.parent->entries.Set(from.name, nullptr);
  to.parent->entries.Set(to.name, &inode);
  inode.times.changed = caller.now;
  Touch(*from.parent, caller.now);
  Touch(*to.parent, caller.now);
  if (inode.is_directory()) {
    --from.parent->links;
    if (to.inode == nullptr) ++to.parent->links;
    if (from.parent != to.parent) SetParent(inode, to.parent);
  }
  if (to.inode != nullptr) DropLink(*to.inode, caller.now);
  return Errno::kOk;
}

// --- What an entry leads to.

DiskResult<FileStat> Disk::Stat(const DiskCaller& caller, absl::string_view path) {
  const Walked at = Existing(caller, path, Last::kFollow);
  if (at.error != Errno::kOk) return {at.error};
  return {Errno::kOk, StatOf(*at.inode)};
}

DiskResult<FileStat> Disk::LinkStat(const DiskCaller& caller, absl::string_view path) {
  const Walked at = Existing(caller, path, Last::kNoFollow);
  if (at.error != Errno::kOk) return {at.error};
  return {Errno::kOk, StatOf(*at.inode)};
}

DiskResult<FileStat> Disk::MayExecute(const DiskCaller& caller, absl::string_view path) {
  const Walked at = Existing(caller, path, Last::kFollow);
  if (at.error != Errno::kOk) return {at.error};
  if (!at.inode->is_regular() || !MayAccess(caller.identity, *at.inode, kMayExecute)) {
    return {Errno::kEACCES};
  }
  return {Errno::kOk, StatOf(*at.inode)};
}

DiskResult<std::string> Disk::ReadLink(const DiskCaller& caller, absl::string_view path) {
  const Walked at = Existing(caller, path, Last::kNoFollow);
  if (at.error != Errno::kOk) return {at.error};
  if (!at.inode->is_symlink()) return {Errno::kEINVAL};
  return {Errno::kOk, at.inode->bytes};
}

Errno Disk::ChangeMode(const DiskCaller& caller, absl::string_view path, FileMode mode) {
  const Walked at = Existing(caller, path, Last::kFollow);
  return at.error != Errno::kOk ? at.error : SetMode(caller, *at.inode, mode);
}

Errno Disk::ChangeOwner(const DiskCaller& caller, absl::string_view path,
                        std::optional<UserId> owner, std::optional<GroupId> group) {
  const Walked at = Existing(caller, path, Last::kNoFollow);
  return at.error != Errno::kOk ? at.error : SetOwner(caller, *at.inode, owner, group);
}

Errno Disk::SetTimes(const DiskCaller& caller, absl::string_view path, absl::Time accessed,
                     absl::Time modified) {
  const Walked at = Existing(caller, path, Last::kFollow);
  if (at.error != Errno::kOk) return at.error;
  if (!MayChangeAttributes(caller.identity, *at.inode)) return Errno::kEPERM;
  // Pending like a chmod that changes nothing; its loss brings the old times back.
  SetAttributes(*at.inode, at.inode->attributes, caller.now);
  at.inode->times.accessed = accessed;
  at.inode->times.modified = modified;
  return Errno::kOk;
}

namespace {

bool IsBefore(const DirectoryEntries::Entry* a, const DirectoryEntries::Entry* b) {
  return a->hash != b->hash ? a->hash < b->hash : a->name < b->name;
}

bool IsBehind(const DirectoryEntries::Entry& entry, const DirectoryPosition& position) {
  if (!position.begun || entry.hash > position.hash) return true;
  return entry.hash == position.hash && entry.name > position.name;
}

}  // namespace

DiskResult<std::vector<DirectoryEntry>> Disk::ListDirectory(const DiskCaller& caller,
                                                            absl::string_view path) {
  const Walked at = Existing(caller, path, Last::kFollow);
  if (at.error != Errno::kOk) return {at.error};
  if (!at.inode->is_directory()) return {Errno::kENOTDIR};
  if (!MayAccess(caller.identity, *at.inode, kMayRead)) return {Errno::kEACCES};
  DirectoryPosition position;
  return {Errno::kOk, EntriesBehind(*at.inode, at.inode->entries.size(), position)};
}

std::vector<DirectoryEntry> Disk::ReadDirectory(const OpenFile& directory, size_t limit,
                                                DirectoryPosition& position) const {
  CHECK(directory.inode_->is_directory() && limit > 0);
  return EntriesBehind(*directory.inode_, limit, position);
}

std::vector<DirectoryEntry> Disk::EntriesBehind(const Inode& directory, size_t limit,
                                                DirectoryPosition& position) {
  std::vector<const DirectoryEntries::Entry*> order;
  for (const DirectoryEntries::Entry& entry : directory.entries.entries()) {
    if (IsBehind(entry, position)) order.push_back(&entry);
  }
  if (order.size() > limit) {
    std::nth_element(order.begin(), order.begin() + static_cast<ptrdiff_t>(limit), order.end(),
                     &IsBefore);
    order.resize(limit);
  }
  std::sort(order.begin(), order.end(), &IsBefore);
  std::vector<DirectoryEntry> entries;
  entries.reserve(order.size());
  for (const DirectoryEntries::Entry* entry : order) {
    entries.push_back({entry->name, entry->inode->number, entry->inode->type});
  }
  if (!order.empty()) position = {true, order.back()->hash, order.back()->name};
  return entries;
}

Errno Disk::SyncDirectory(const DiskCaller& caller, absl::string_view path) {
  const Walked at = Existing(caller, path, Last::kFollow);
  if (at.error != Errno::kOk) return at.error;
  if (!at.inode->is_directory()) return Errno::kENOTDIR;
  if (!MayAccess(caller.identity, *at.inode, kMayRead)) return Errno::kEACCES;
  if (at.inode != unsynced_) SyncDirectoryInode(*at.inode);
  return Errno::kOk;
}

DiskResult<FreeSpace> Disk::GetFreeSpace(const DiskCaller& caller, absl::string_view path) {
  const Walked at = Existing(caller, path, Last::kFollow);
  if (at.error != Errno::kOk) return {at.error};
  FreeSpace space;
  space.block_bytes = kBlockBytes;
  space.free_blocks = AvailableBlocks(/*privileged=*/false);
  space.free_inodes = full_ ? 0 : options_.inodes - std::min(options_.inodes, inode_count_);
  return {Errno::kOk, space};
}

DiskResult<std::string> Disk::PathOf(const OpenFile& directory) const {
  const Inode* inode = directory.inode_;
  if (inode == root_) return {Errno::kOk, "/"};
  std::string path;
  for (; inode != root_; inode = inode->parent) {
    if (inode->links == 0) return {Errno::kENOENT};
    for (const DirectoryEntries::Entry& entry : inode->parent->entries.entries()) {
      if (entry.inode == inode) path.insert(0, "/" + entry.name);
    }
  }
  return {Errno::kOk, std::move(path)};
}

}  // namespace stagepost
