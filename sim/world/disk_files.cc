// Calls on open files: open, read, write, truncate, sync, close; and chmod and chown.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "mta/base/check.h"
#include "sim/world/disk.h"
#include "sim/world/disk_permissions.h"

namespace stagepost {
namespace {

// Whether no change has touched what is before `size`.
bool IsAllBeyond(const std::vector<PendingChange>& changes, uint64_t size) {
  return std::all_of(changes.begin(), changes.end(), [size](const PendingChange& change) {
    return change.kind == PendingChange::Kind::kAttributes || change.offset >= size;
  });
}

// protected_regular, protected_fifos: O_CREAT does not open somebody else's file in a sticky
// directory, root included. A link that is not followed is always protected where everybody may
// write.
bool CreateMustNotOpen(const DiskOptions& options, const Identity& identity, const Inode& directory,
                       const Inode& inode) {
  int level = 1;
  if (inode.is_regular()) level = options.protected_regular;
  if (inode.is_fifo()) level = options.protected_fifos;
  const FileMode mode = directory.attributes.mode;
  if (level == 0 || (mode & kStickyBit) == 0) return false;
  if (inode.attributes.owner == directory.attributes.owner) return false;
  if (inode.attributes.owner == identity.user) return false;
  return (mode & 0002) != 0 || (level >= 2 && (mode & 0020) != 0);
}

bool Relatime(const InodeTimes& times, absl::Time now) {
  return times.accessed <= times.modified || times.accessed <= times.changed ||
         now - times.accessed >= absl::Hours(24);
}

}  // namespace

// --- Opening and closing.

Errno Disk::MayOpen(const DiskCaller& caller, const Walked& at, const OpenOptions& options) const {
  const Inode& inode = *at.inode;
  if (options.create) {
    if (options.exclusive) return Errno::kEEXIST;
    if (inode.is_directory()) return Errno::kEISDIR;
    if (!at.dots && CreateMustNotOpen(options_, caller.identity, *at.parent, inode)) {
      return Errno::kEACCES;
    }
  }
  if ((options.directory || at.trailing_slash) && !inode.is_directory()) return Errno::kENOTDIR;
  if (inode.is_symlink()) return Errno::kELOOP;
  // O_RDONLY is what is left when neither is asked for.
  uint32_t access = options.read || !options.write ? kMayRead : 0;
  if (options.write || options.truncate) access |= kMayWrite;
  if (inode.is_directory() && (access & kMayWrite) != 0) return Errno::kEISDIR;
  return MayAccess(caller.identity, inode, access) ? Errno::kOk : Errno::kEACCES;
}

DiskResult<OpenFile*> Disk::Open(const DiskCaller& caller, absl::string_view path,
                                 const OpenOptions& options) {
  if (options.create && options.directory) return {Errno::kEINVAL};
  if (options.create && absl::EndsWith(path, "/")) {
    // No file can come to be there; Linux says so before it follows a link.
    const Walked at = Walk(caller, path, Last::kEntry);
    if (at.error != Errno::kOk) return {at.error};
    if (!at.dots) return {Errno::kEISDIR};
  }
  const bool exclusive = options.create && options.exclusive;
  Last last = options.create ? Last::kCreate : Last::kFollow;
  if (options.no_follow || exclusive) last = Last::kNoFollow;
  const Walked at = Walk(caller, path, last);
  if (at.error != Errno::kOk) return {at.error};
  if (options.create && at.trailing_slash && !at.dots) return {Errno::kEISDIR};
  if (at.inode == nullptr) {
    if (!options.create) return {Errno::kENOENT};
    const FileMode mode = options.mode & kAllModeBits;
    const DiskResult<Inode*> made = Create(caller, at, FileType::kRegular, mode);
    if (!made.ok()) return {made.error};
    return {Errno::kOk, NewOpenFile(*made.value, caller, options)};
  }
  const Errno error = MayOpen(caller, at, options);
  if (error != Errno::kOk) return {error};
  if (at.inode->is_fifo()) return OpenFifo(caller, *at.inode, options);
  if (options.truncate && at.inode->is_regular()) {
    DropPrivilegeBits(caller, *at.inode);
    SetSize(*at.inode, 0, caller.now);
  }
  return {Errno::kOk, NewOpenFile(*at.inode, caller, options)};
}

DiskResult<OpenFile*> Disk::OpenWorkingDirectory(const DiskCaller& caller, absl::string_view path) {
  const Walked at = Existing(caller, path, Last::kFollow);
  if (at.error != Errno::kOk) return {at.error};
  if (!at.inode->is_directory()) return {Errno::kENOTDIR};
  if (!MayAccess(caller.identity, *at.inode, kMayExecute)) return {Errno::kEACCES};
  return {Errno::kOk, NewOpenFile(*at.inode, caller, OpenOptions())};
}

OpenFile* Disk::NewOpenFile(Inode& inode, const DiskCaller& caller, const OpenOptions& options) {
  OpenFile* file = new OpenFile;
  file->inode_ = &inode;
  file->process_ = caller.process;
  file->read_ = options.read || !options.write;
  file->write_ = options.write;
  file->append_ = options.append;
  ++inode.opens;
  ++open_count_;
  open_files_.PushBack(*file);
  return file;
}

void Disk::Close(OpenFile& file) {
  Inode& inode = *file.inode_;
  if (inode.fifo != nullptr) CloseFifo(file);
  if (inode.locks != nullptr) {
    const bool flock = inode.locks->Remove(file, LockKind::kFlock);
    const bool fcntl = inode.locks->Remove(file, LockKind::kFcntl);
    if (flock || fcntl) inode.locks->GrantWaiters();
  }
  --inode.opens;
  --open_count_;
  delete &file;
  FreeIfUnused(inode);
}

// --- Content.

DiskResult<size_t> Disk::Read(OpenFile& file, uint64_t offset, absl::Span<char> buffer,
                              absl::Time now) {
  Inode& inode = *file.inode_;
  if (!file.read_) return {Errno::kEBADF};
  if (inode.is_directory()) return {Errno::kEISDIR};
  if (inode.is_fifo()) return ReadFifo(inode, buffer, now);
  if (inode.bytes.size() <= offset) return {Errno::kOk, 0};
  const size_t count = std::min<uint64_t>(buffer.size(), inode.bytes.size() - offset);
  std::copy_n(inode.bytes.data() + offset, count, buffer.data());
  if (count != 0 && Relatime(inode.times, now)) inode.times.accessed = now;
  return {Errno::kOk, count};
}

DiskResult<size_t> Disk::Write(const DiskCaller& caller, OpenFile& file, uint64_t offset,
                               absl::string_view bytes) {
  Inode& inode = *file.inode_;
  if (!file.write_) return {Errno::kEBADF};
  if (inode.is_fifo() && !bytes.empty()) return WriteFifo(inode, bytes, caller.now);
  if (!inode.is_regular() || bytes.empty()) return {Errno::kOk, bytes.size()};
  if (file.append_) offset = inode.bytes.size();
  const uint64_t limit = std::min(options_.max_file_bytes, caller.max_file_bytes);
  if (offset >= limit) return {Errno::kEFBIG};
  bytes = bytes.substr(0, limit - offset);
  const uint64_t old_size = inode.bytes.size();
  const Errno charged = Charge(caller, inode, std::max(old_size, offset + bytes.size()));
  if (charged != Errno::kOk) {
    const uint64_t room = full_ ? old_size : (inode.blocks + Room(caller, inode)) * kBlockBytes;
    if (room <= offset) return {charged};
    bytes = bytes.substr(0, room - offset);
    CHECK(Charge(caller, inode, std::max(old_size, offset + bytes.size())) == Errno::kOk);
  }
  DropPrivilegeBits(caller, inode);
  PendingChange& change = RecordChange(inode, PendingChange::Kind::kWrite);
  change.offset = offset;
  change.length = bytes.size();
  if (offset < old_size) change.old_bytes = inode.bytes.substr(offset, bytes.size());
  if (offset > old_size) inode.bytes.resize(offset);
  inode.bytes.replace(offset, bytes.size(), bytes.data(), bytes.size());
  inode.times.modified = inode.times.changed = caller.now;
  return {Errno::kOk, bytes.size()};
}

Errno Disk::Truncate(const DiskCaller& caller, OpenFile& file, uint64_t size) {
  Inode& inode = *file.inode_;
  if (!file.write_ || !inode.is_regular()) return Errno::kEINVAL;
  if (size > options_.max_file_bytes) return Errno::kEFBIG;
  if (size > inode.bytes.size()) {
    if (size > caller.max_file_bytes) return Errno::kEFBIG;
    const Errno charged = Charge(caller, inode, size);
    if (charged != Errno::kOk) return charged;
  }
  DropPrivilegeBits(caller, inode);
  SetSize(inode, size, caller.now);
  return Errno::kOk;
}

void Disk::SetSize(Inode& inode, uint64_t size, absl::Time now) {
  // Where all that could not be written is cut off, the rest of its page is dirty again.
  if (IsAllBeyond(inode.pending, size)) inode.sync_failed = false;
  // ftruncate(2) to the same size still counts as a modification.
  PendingChange& change = RecordChange(inode, PendingChange::Kind::kTruncate);
  change.offset = size;
  if (size == 0) {
    change.old_bytes = std::exchange(inode.bytes, std::string());
  } else {
    if (size < inode.bytes.size()) change.old_bytes = inode.bytes.substr(size);
    inode.bytes.resize(size);
  }
  SetBlocks(inode, BlocksFor(inode.type, size));
  inode.times.modified = inode.times.changed = now;
}

Errno Disk::Sync(OpenFile& file) {
  Inode& inode = *file.inode_;
  if (inode.is_directory()) {
    SyncDirectoryInode(inode);
    return Errno::kOk;
  }
  if (!inode.is_regular()) return Errno::kEINVAL;
  if (!inode.sync_failed) inode.pending.clear();
  return Errno::kOk;
}

void Disk::SyncFailed(OpenFile& file) {
  Inode& inode = *file.inode_;
  if (inode.is_regular() && !inode.pending.empty()) inode.sync_failed = true;
}

// --- Attributes.

void Disk::SetAttributes(Inode& inode, const InodeAttributes& attributes, absl::Time now) {
  RecordChange(inode, PendingChange::Kind::kAttributes).old_attributes = inode.attributes;
  if (durable_) {
    // Whatever earlier change is lost, this one is not.
    for (PendingChange& change : inode.pending) change.old_attributes = attributes;
  }
  if (inode.alive) Discount(inode);
  inode.attributes = attributes;
  if (inode.alive) Count(inode);
  inode.times.changed = now;
}

void Disk::DropPrivilegeBits(const DiskCaller& caller, Inode& inode) {
  if ((inode.attributes.mode & (kSetUserBit | kSetGroupBit)) == 0 || IsRoot(caller.identity))
    return;
  InodeAttributes attributes = inode.attributes;
  attributes.mode = WithoutPrivilegeBits(caller.identity, inode);
  if (attributes.mode != inode.attributes.mode) SetAttributes(inode, attributes, caller.now);
}

Errno Disk::SetMode(const DiskCaller& caller, Inode& inode, FileMode mode) {
  if (!MayChangeAttributes(caller.identity, inode)) return Errno::kEPERM;
  InodeAttributes attributes = inode.attributes;
  attributes.mode = mode & kAllModeBits;
  if (!IsRoot(caller.identity) && !InGroup(caller.identity, attributes.group)) {
    attributes.mode &= ~kSetGroupBit;
  }
  SetAttributes(inode, attributes, caller.now);
  return Errno::kOk;
}

Errno Disk::SetOwner(const DiskCaller& caller, Inode& inode, std::optional<UserId> owner,
                     std::optional<GroupId> group) {
  InodeAttributes attributes = inode.attributes;
  if (owner.has_value() && !MayChangeOwner(caller.identity, inode, *owner)) return Errno::kEPERM;
  if (group.has_value() && !MayChangeGroup(caller.identity, inode, *group)) return Errno::kEPERM;
  attributes.owner = owner.value_or(attributes.owner);
  attributes.group = group.value_or(attributes.group);
  if (!inode.is_directory()) {
    attributes.mode = WithoutPrivilegeBits(caller.identity, inode);
    // Taking the bits away is a chmod, with its rules, even of a chown that changes nothing.
    if (attributes.mode != inode.attributes.mode && !MayChangeAttributes(caller.identity, inode)) {
      return Errno::kEPERM;
    }
  }
  if (!owner.has_value() && !group.has_value() && attributes.mode == inode.attributes.mode) {
    return Errno::kOk;
  }
  // Only who is new to it has to have room for it.
  const bool new_owner = attributes.owner != inode.attributes.owner;
  const bool new_group = attributes.group != inode.attributes.group;
  if (!WithinQuota(caller, new_owner ? std::optional(attributes.owner) : std::nullopt,
                   new_group ? std::optional(attributes.group) : std::nullopt, inode.blocks, 1)) {
    return Errno::kEDQUOT;
  }
  SetAttributes(inode, attributes, caller.now);
  return Errno::kOk;
}

Errno Disk::ChangeMode(const DiskCaller& caller, OpenFile& file, FileMode mode) {
  return SetMode(caller, *file.inode_, mode);
}

Errno Disk::ChangeOwner(const DiskCaller& caller, OpenFile& file, std::optional<UserId> owner,
                        std::optional<GroupId> group) {
  return SetOwner(caller, *file.inode_, owner, group);
}

}  // namespace stagepost
