// Path look-up: from a path and a caller to the entry it names, as path_resolution(7) tells.
#include "absl/strings/string_view.h"
#include "sim/world/disk.h"
#include "sim/world/disk_permissions.h"

namespace stagepost {
namespace {

// Cuts the first component off `path`, with the slashes after it.
absl::string_view TakeComponent(absl::string_view& path, bool& slash_after) {
  size_t end = path.find('/');
  if (end == absl::string_view::npos) end = path.size();
  const absl::string_view component = path.substr(0, end);
  slash_after = end < path.size();
  while (end < path.size() && path[end] == '/') ++end;
  path.remove_prefix(end);
  return component;
}

// A symbolic link in a directory where everybody may write is followed only by its owner, or if the
// directory's owner made it (Documentation/admin-guide/sysctl/fs.rst, protected_symlinks).
bool MayFollow(const Identity& identity, const Inode& directory, const Inode& link) {
  constexpr FileMode kEverybodysDirectory = kStickyBit | 0002;
  if (identity.user == link.attributes.owner) return true;
  if ((directory.attributes.mode & kEverybodysDirectory) != kEverybodysDirectory) return true;
  return directory.attributes.owner == link.attributes.owner;
}

}  // namespace

Disk::Walked Disk::Walk(const DiskCaller& caller, absl::string_view path, Last last) const {
  if (path.empty()) return Walked{.error = Errno::kENOENT};
  if (path.size() > kMaxPathBytes) return Walked{.error = Errno::kENAMETOOLONG};
  // A program in C could not even ask.
  if (path.find('\0') != absl::string_view::npos) return Walked{.error = Errno::kEINVAL};
  Inode* start = caller.working_directory == nullptr ? root_ : caller.working_directory->inode_;
  int symlinks = 0;
  return WalkFrom(caller, start, path, last, /*trailing=*/true, symlinks);
}

Disk::Walked Disk::WalkFrom(const DiskCaller& caller, Inode* start, absl::string_view path,
                            Last last, bool trailing, int& symlinks) const {
  Walked at{.parent = start};
  if (path[0] == '/') {
    at.parent = root_;
    while (!path.empty() && path[0] == '/') path.remove_prefix(1);
    if (path.empty()) {
      at.inode = root_;
      at.dots = true;
      return at;
    }
  }
  while (true) {
    bool slash_after = false;
    at.name = TakeComponent(path, slash_after);
    if (!MayAccess(caller.identity, *at.parent, kMayExecute)) return {.error = Errno::kEACCES};
    at.dots = at.name == "." || at.name == "..";
    // Linux says so before it looks.
    if (last == Last::kCreate && path.empty() && slash_after && !at.dots) {
      return {.error = Errno::kEISDIR};
    }
    // In a removed directory there is nothing, whatever its name.
    if (at.name.size() > kMaxNameBytes && at.parent->links != 0) {
      at.too_long = path.empty() && last == Last::kEntry;
      if (at.too_long) return at;
      return {.error = Errno::kENAMETOOLONG};
    }
    if (at.dots) {
      at.inode = at.name == "." ? at.parent : at.parent->parent;
    } else {
      at.inode = at.parent->entries.Find(at.name);
    }
    if (path.empty()) {
      at.trailing_slash = slash_after;
      return FollowLast(caller, at, last, trailing, symlinks);
    }
    if (at.inode == nullptr) return {.error = Errno::kENOENT};
    if (at.inode->is_symlink()) {
      const Walked through = FollowLast(caller, at, Last::kFollow, /*trailing=*/false, symlinks);
      if (through.error != Errno::kOk) return through;
      if (through.inode == nullptr) return {.error = Errno::kENOENT};
      at.inode = through.inode;
    }
    if (!at.inode->is_directory()) return {.error = Errno::kENOTDIR};
    at.parent = at.inode;
  }
}

// Goes on where the last component is a symbolic link that is to be followed. `trailing`: what is
// looked up in the end is the last component of the caller's own path.
Disk::Walked Disk::FollowLast(const DiskCaller& caller, const Walked& at, Last last, bool trailing,
                              int& symlinks) const {
  if (at.inode == nullptr || !at.inode->is_symlink() || last == Last::kEntry) return at;
  if (last == Last::kNoFollow && !at.trailing_slash) return at;
  if (symlinks++ >= kMaxSymlinks) return {.error = Errno::kELOOP};
  if (trailing && options_.protected_symlinks &&
      !MayFollow(caller.identity, *at.parent, *at.inode)) {
    return {.error = Errno::kEACCES};
  }
  if (last != Last::kCreate) last = Last::kFollow;
  Walked through = WalkFrom(caller, at.parent, at.inode->bytes, last, trailing, symlinks);
  through.trailing_slash |= at.trailing_slash;
  return through;
}

Disk::Walked Disk::Existing(const DiskCaller& caller, absl::string_view path, Last last) const {
  Walked at = Walk(caller, path, last);
  if (at.error != Errno::kOk) return at;
  if (at.inode == nullptr) {
    at.error = Errno::kENOENT;
  } else if (at.trailing_slash && !at.inode->is_directory()) {
    at.error = Errno::kENOTDIR;
  }
  return at;
}

Disk::Walked Disk::NewEntry(const DiskCaller& caller, absl::string_view path,
                            bool directory) const {
  Walked at = Walk(caller, path, Last::kEntry);
  if (at.error != Errno::kOk) return at;
  if (at.too_long) {
    at.error = Errno::kENAMETOOLONG;
  } else if (at.inode != nullptr) {
    at.error = Errno::kEEXIST;
  } else if (at.trailing_slash && !directory) {
    at.error = Errno::kENOENT;
  }
  return at;
}

Errno Disk::MayAddEntry(const DiskCaller& caller, const Inode& directory) const {
  if (directory.links == 0) return Errno::kENOENT;
  if (!MayAccess(caller.identity, directory, kMayWrite | kMayExecute)) return Errno::kEACCES;
  return Errno::kOk;
}

Errno Disk::MayRemoveEntry(const DiskCaller& caller, const Inode& directory, const Inode& victim,
                           bool expect_directory) const {
  if (!MayAccess(caller.identity, directory, kMayWrite | kMayExecute)) return Errno::kEACCES;
  if (StickyForbids(caller.identity, directory, victim)) return Errno::kEPERM;
  if (expect_directory && !victim.is_directory()) return Errno::kENOTDIR;
  if (!expect_directory && victim.is_directory()) return Errno::kEISDIR;
  return Errno::kOk;
}

}  // namespace stagepost
