// Linux's rules of who may do what with a file, as pure functions of identity and attributes.
//
// Exactly one of the owner's, the group's and the others' permission bits counts: the first that
// applies. Effective uid 0 has the capabilities DAC_OVERRIDE, FOWNER, CHOWN and FSETID, and nobody
// else has any.
#ifndef STAGEPOST_SIM_WORLD_DISK_PERMISSIONS_H_
#define STAGEPOST_SIM_WORLD_DISK_PERMISSIONS_H_

#include <cstdint>

#include "mta/env/file_system.h"
#include "mta/env/identity.h"
#include "sim/world/disk_inode.h"

namespace stagepost {

inline constexpr uint32_t kMayExecute = 1;  // search, of a directory
inline constexpr uint32_t kMayWrite = 2;
inline constexpr uint32_t kMayRead = 4;

inline constexpr FileMode kSetUserBit = 04000;
inline constexpr FileMode kSetGroupBit = 02000;
inline constexpr FileMode kStickyBit = 01000;
inline constexpr FileMode kGroupExecuteBit = 00010;
inline constexpr FileMode kAllModeBits = 07777;

inline bool IsRoot(const Identity& identity) { return identity.user == kRootUser; }
bool InGroup(const Identity& identity, GroupId group);

// Whether `identity` has all of `access`. Root needs an execute bit of any class to execute a file.
bool MayAccess(const Identity& identity, const Inode& inode, uint32_t access);

// Whether `identity` may change mode and times: the owner or root.
bool MayChangeAttributes(const Identity& identity, const Inode& inode);

// In a sticky directory, only the owner of a file, of the directory, or root removes it.
bool StickyForbids(const Identity& identity, const Inode& directory, const Inode& victim);

bool MayChangeOwner(const Identity& identity, const Inode& inode, UserId owner);
bool MayChangeGroup(const Identity& identity, const Inode& inode, GroupId group);

// The mode and group a new file gets in `directory`.
InodeAttributes NewAttributes(const Identity& identity, const Inode& directory, FileType type,
                              FileMode mode, FileMode umask);

// The mode bits left after a write, truncation or chown that takes set-uid and set-gid away.
FileMode WithoutPrivilegeBits(const Identity& identity, const Inode& inode);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_DISK_PERMISSIONS_H_
