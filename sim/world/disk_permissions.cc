#include "sim/world/disk_permissions.h"

#include <algorithm>

namespace stagepost {

bool InGroup(const Identity& identity, GroupId group) {
  return identity.group == group ||
         std::binary_search(identity.supplementary.begin(), identity.supplementary.end(), group);
}

bool MayAccess(const Identity& identity, const Inode& inode, uint32_t access) {
  const InodeAttributes& attributes = inode.attributes;
  if (IsRoot(identity)) {
    return (access & kMayExecute) == 0 || inode.is_directory() || (attributes.mode & 0111) != 0;
  }
  FileMode granted = attributes.mode;
  if (identity.user == attributes.owner) {
    granted >>= 6;
  } else if (InGroup(identity, attributes.group)) {
    granted >>= 3;
  }
  return (access & ~granted & 7) == 0;
}

bool MayChangeAttributes(const Identity& identity, const Inode& inode) {
  return IsRoot(identity) || identity.user == inode.attributes.owner;
}

bool StickyForbids(const Identity& identity, const Inode& directory, const Inode& victim) {
  if ((directory.attributes.mode & kStickyBit) == 0) return false;
  return identity.user != victim.attributes.owner && identity.user != directory.attributes.owner &&
         !IsRoot(identity);
}

bool MayChangeOwner(const Identity& identity, const Inode& inode, UserId owner) {
  if (IsRoot(identity)) return true;
  return identity.user == inode.attributes.owner && owner == inode.attributes.owner;
}

bool MayChangeGroup(const Identity& identity, const Inode& inode, GroupId group) {
  if (IsRoot(identity)) return true;
  return identity.user == inode.attributes.owner &&
         (group == inode.attributes.group || InGroup(identity, group));
}

InodeAttributes NewAttributes(const Identity& identity, const Inode& directory, FileType type,
                              FileMode mode, FileMode umask) {
  InodeAttributes attributes{
      .mode = mode & ~umask, .owner = identity.user, .group = identity.group};
  if ((directory.attributes.mode & kSetGroupBit) == 0) return attributes;
  attributes.group = directory.attributes.group;
  constexpr FileMode kSetGroupExecute = kSetGroupBit | kGroupExecuteBit;
  if (type == FileType::kDirectory) {
    attributes.mode |= kSetGroupBit;
  } else if ((mode & kSetGroupExecute) == kSetGroupExecute && !IsRoot(identity) &&
             !InGroup(identity, attributes.group)) {
    // As asked for, before the umask.
    attributes.mode &= ~kSetGroupBit;
  }
  return attributes;
}

FileMode WithoutPrivilegeBits(const Identity& identity, const Inode& inode) {
  FileMode mode = inode.attributes.mode & ~kSetUserBit;
  // Without the execute bit set-gid once meant mandatory locking; Linux leaves it to members.
  const bool member = IsRoot(identity) || InGroup(identity, inode.attributes.group);
  if ((mode & kGroupExecuteBit) != 0 || !member) mode &= ~kSetGroupBit;
  return mode;
}

}  // namespace stagepost
