#include "sim/world/disk_editor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

absl::Status ToStatus(Errno error, absl::string_view call, absl::string_view path) {
  if (error == Errno::kOk) return absl::OkStatus();
  return ErrnoStatus(error, absl::StrCat(call, " ", path));
}

std::string Join(absl::string_view directory, absl::string_view name) {
  return directory == "/" ? absl::StrCat("/", name) : absl::StrCat(directory, "/", name);
}

}  // namespace

// Sets the disk to make changes durable at once, for as long as this lives.
class DiskEditor::Durably {
 public:
  explicit Durably(Disk& disk) : disk_(disk) { disk_.SetDurable(true); }
  ~Durably() { disk_.SetDurable(false); }
  Durably(const Durably&) = delete;

 private:
  Disk& disk_;
};

DiskCaller DiskEditor::Root() const {
  return DiskCaller{identity_, /*umask=*/0, /*working_directory=*/nullptr, /*process=*/0, now_};
}

absl::Status DiskEditor::Own(absl::string_view path, const Ownership& ownership) {
  RETURN_IF_ERROR(ChangeOwner(path, ownership.owner, ownership.group));
  return ChangeMode(path, ownership.mode);
}

absl::Status DiskEditor::MakeParents(absl::string_view path) {
  const size_t slash = path.find_last_of('/');
  if (slash == absl::string_view::npos || slash == 0) return absl::OkStatus();
  const absl::string_view above = path.substr(0, slash);
  return disk_.Stat(Root(), above).ok() ? absl::OkStatus() : MakeDirectories(above);
}

absl::Status DiskEditor::MakeDirectories(absl::string_view path, const Ownership& ownership) {
  const DiskResult<FileStat> found = disk_.Stat(Root(), path);
  if (!found.ok()) {
    RETURN_IF_ERROR(MakeParents(path));
    const Durably durably(disk_);
    RETURN_IF_ERROR(ToStatus(disk_.MakeDirectory(Root(), path, 0755), "mkdir", path));
  } else if (found.value.type != FileType::kDirectory) {
    return ErrnoStatus(Errno::kENOTDIR, absl::StrCat("mkdir ", path));
  }
  return Own(path, ownership);
}

absl::Status DiskEditor::WriteFile(absl::string_view path, absl::string_view bytes,
                                   const Ownership& ownership) {
  RETURN_IF_ERROR(MakeParents(path));
  const Durably durably(disk_);
  // Not O_CREAT on what exists: root may not do that to a user's file in a sticky directory.
  OpenOptions options{.write = true, .truncate = true};
  options.create = !disk_.Stat(Root(), path).ok();
  const DiskResult<OpenFile*> opened = disk_.Open(Root(), path, options);
  RETURN_IF_ERROR(ToStatus(opened.error, "open", path));
  const DiskResult<size_t> written = disk_.Write(Root(), *opened.value, 0, bytes);
  disk_.Close(*opened.value);
  RETURN_IF_ERROR(ToStatus(written.error, "write", path));
  if (written.value != bytes.size()) return ToStatus(Errno::kENOSPC, "write", path);
  return Own(path, ownership);
}

absl::Status DiskEditor::MakeSymlink(absl::string_view target, absl::string_view path) {
  const Durably durably(disk_);
  return ToStatus(disk_.Symlink(Root(), target, path), "symlink", path);
}

absl::Status DiskEditor::MakeFifo(absl::string_view path, const Ownership& ownership) {
  const DiskResult<FileStat> found = disk_.LinkStat(Root(), path);
  if (!found.ok() || found.value.type != FileType::kFifo) {
    RETURN_IF_ERROR(MakeParents(path));
    const Durably durably(disk_);
    RETURN_IF_ERROR(ToStatus(disk_.MakeFifo(Root(), path, 0600), "mkfifo", path));
  }
  return Own(path, ownership);
}

absl::Status DiskEditor::MakeLink(absl::string_view from, absl::string_view to) {
  const Durably durably(disk_);
  return ToStatus(disk_.Link(Root(), from, to), "link", to);
}

absl::Status DiskEditor::ChangeOwner(absl::string_view path, UserId owner, GroupId group) {
  const Durably durably(disk_);
  return ToStatus(disk_.ChangeOwner(Root(), path, owner, group), "lchown", path);
}

absl::Status DiskEditor::ChangeMode(absl::string_view path, FileMode mode) {
  const Durably durably(disk_);
  return ToStatus(disk_.ChangeMode(Root(), path, mode), "chmod", path);
}

absl::Status DiskEditor::SetTimes(absl::string_view path, absl::Time accessed,
                                  absl::Time modified) {
  const Durably durably(disk_);
  return ToStatus(disk_.SetTimes(Root(), path, accessed, modified), "utimensat", path);
}

absl::Status DiskEditor::Rename(absl::string_view from, absl::string_view to) {
  const Durably durably(disk_);
  return ToStatus(disk_.Rename(Root(), from, to), "rename", from);
}

absl::Status DiskEditor::RemoveAll(absl::string_view path) {
  const DiskResult<FileStat> found = disk_.LinkStat(Root(), path);
  if (found.error == Errno::kENOENT) return absl::OkStatus();
  RETURN_IF_ERROR(ToStatus(found.error, "lstat", path));
  if (found.value.type != FileType::kDirectory) {
    const Durably durably(disk_);
    return ToStatus(disk_.Unlink(Root(), path), "unlink", path);
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(path));
  for (const std::string& name : names) RETURN_IF_ERROR(RemoveAll(Join(path, name)));
  const Durably durably(disk_);
  return ToStatus(disk_.RemoveDirectory(Root(), path), "rmdir", path);
}

// --- Looking.

absl::StatusOr<std::string> DiskEditor::ReadFile(absl::string_view path) const {
  const DiskResult<const Inode*> inode = disk_.Find(Root(), path, /*follow=*/true);
  RETURN_IF_ERROR(ToStatus(inode.error, "open", path));
  if (!inode.value->is_regular()) {
    return ErrnoStatus(inode.value->is_directory() ? Errno::kEISDIR : Errno::kEINVAL,
                       absl::StrCat("read ", path));
  }
  return inode.value->bytes;
}

absl::StatusOr<FileStat> DiskEditor::Stat(absl::string_view path) const {
  const DiskResult<FileStat> stat = disk_.Stat(Root(), path);
  RETURN_IF_ERROR(ToStatus(stat.error, "stat", path));
  return stat.value;
}

absl::StatusOr<FileStat> DiskEditor::LinkStat(absl::string_view path) const {
  const DiskResult<FileStat> stat = disk_.LinkStat(Root(), path);
  RETURN_IF_ERROR(ToStatus(stat.error, "lstat", path));
  return stat.value;
}

absl::StatusOr<std::vector<std::string>> DiskEditor::ListDirectory(absl::string_view path) const {
  const DiskResult<std::vector<DirectoryEntry>> list = disk_.ListDirectory(Root(), path);
  RETURN_IF_ERROR(ToStatus(list.error, "opendir", path));
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : list.value) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<std::vector<DiskEditor::SnapshotEntry>> DiskEditor::Snapshot(
    absl::string_view path) const {
  const DiskResult<const Inode*> top = disk_.Find(Root(), path, /*follow=*/false);
  RETURN_IF_ERROR(ToStatus(top.error, "lstat", path));
  std::vector<SnapshotEntry> result;
  std::vector<std::pair<std::string, const Inode*>> todo{{std::string(path), top.value}};
  while (!todo.empty()) {
    auto [at, inode] = std::move(todo.back());
    todo.pop_back();
    for (const DirectoryEntries::Entry& entry : inode->entries.entries()) {
      todo.emplace_back(Join(at, entry.name), entry.inode);
    }
    result.push_back({std::move(at), disk_.StatOf(*inode), inode->bytes});
  }
  std::sort(result.begin(), result.end(),
            [](const SnapshotEntry& a, const SnapshotEntry& b) { return a.path < b.path; });
  return result;
}

}  // namespace stagepost
