#include "mta/posix/file_system.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "mta/base/status_macros.h"
#include "mta/posix/directory_list.h"
#include "mta/posix/directory_reader.h"
#include "mta/posix/file.h"

namespace stagepost {
namespace {

int OpenFlags(const OpenOptions& options) {
  // O_NONBLOCK means nothing to regular files and directories; for anything else it must not be the
  // other end that decides how long an open takes.
  int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  if (options.read && options.write) {
    flags |= O_RDWR;
  } else {
    flags |= options.write ? O_WRONLY : O_RDONLY;
  }
  if (options.create) flags |= O_CREAT;
  if (options.exclusive) flags |= O_EXCL;
  if (options.truncate) flags |= O_TRUNC;
  if (options.append) flags |= O_APPEND;
  if (options.no_follow) flags |= O_NOFOLLOW;
  if (options.directory) flags |= O_DIRECTORY;
  return flags;
}

// Which the kernel would take for the end of a path.
bool HasNul(absl::string_view path) { return absl::StrContains(path, '\0'); }

}  // namespace

// What a call is named in an error is put together only for one.
template <class Call>
absl::Status PosixFileSystem::Do(absl::string_view name, absl::string_view path, Call call) const {
  const auto failed = [&](Errno error) {
    return ErrnoStatus(error, absl::StrCat(name, " ", path));
  };
  if (HasNul(path)) return failed(Errno::kEINVAL);
  const std::string real = services_.root.ToMachine(path);
  if (!services_.own.ActAs(identity_.get())) return failed(Errno::kEPERM);
  if (Retry([&] { return call(real.c_str()); }) != 0) return failed(static_cast<Errno>(errno));
  return absl::OkStatus();
}

template <class Call>
absl::Status PosixFileSystem::DoWithTwoPaths(absl::string_view name, absl::string_view from,
                                             absl::string_view to, Call call) const {
  const auto failed = [&](Errno error) {
    return ErrnoStatus(error, absl::StrCat(name, " ", from, " ", to));
  };
  if (HasNul(from) || HasNul(to)) return failed(Errno::kEINVAL);
  const std::string real_from = services_.root.ToMachine(from);
  const std::string real_to = services_.root.ToMachine(to);
  if (!services_.own.ActAs(identity_.get())) return failed(Errno::kEPERM);
  if (call(real_from.c_str(), real_to.c_str()) != 0) return failed(static_cast<Errno>(errno));
  return absl::OkStatus();
}

std::unique_ptr<FileSystem> PosixFileSystem::As(const Identity& identity) {
  return std::make_unique<PosixFileSystem>(services_, std::make_shared<const Identity>(identity));
}

Operation<absl::StatusOr<std::unique_ptr<File>>> PosixFileSystem::Open(absl::string_view path,
                                                                       const OpenOptions& options) {
  using Result = absl::StatusOr<std::unique_ptr<File>>;
  UniqueFd fd;
  absl::Status opened = Do("open", path, [&](const char* real) {
    fd.Reset(::open(real, OpenFlags(options), static_cast<mode_t>(options.mode)));
    return fd.valid() ? 0 : -1;
  });
  if (!opened.ok()) return Result(opened);
  const std::string what = absl::StrCat("open ", path);
  struct stat status;
  if (::fstat(fd.get(), &status) != 0) return Result(LastError(what));
  if (S_ISFIFO(status.st_mode) && !options.non_blocking) {
    return Result(
        ErrnoStatus(Errno::kEOPNOTSUPP, absl::StrCat(what, ": a FIFO, without non_blocking")));
  }
  return Result(
      std::make_unique<PosixFile>(services_, identity_, std::move(fd), std::string(path), status));
}

Operation<absl::StatusOr<FileStat>> PosixFileSystem::Stat(absl::string_view path) {
  struct stat status;
  absl::Status done = Do("stat", path, [&](const char* real) { return ::stat(real, &status); });
  if (!done.ok()) return absl::StatusOr<FileStat>(done);
  return absl::StatusOr<FileStat>(ToFileStat(status));
}

Operation<absl::StatusOr<FileStat>> PosixFileSystem::LinkStat(absl::string_view path) {
  struct stat status;
  absl::Status done = Do("lstat", path, [&](const char* real) { return ::lstat(real, &status); });
  if (!done.ok()) return absl::StatusOr<FileStat>(done);
  return absl::StatusOr<FileStat>(ToFileStat(status));
}

Operation<absl::Status> PosixFileSystem::MakeDirectory(absl::string_view path, FileMode mode) {
  return Do("mkdir", path, [&](const char* real) { return ::mkdir(real, mode); });
}

Operation<absl::Status> PosixFileSystem::RemoveDirectory(absl::string_view path) {
  return Do("rmdir", path, [](const char* real) { return ::rmdir(real); });
}

Operation<absl::Status> PosixFileSystem::Unlink(absl::string_view path) {
  return Do("unlink", path, [](const char* real) { return ::unlink(real); });
}

Operation<absl::Status> PosixFileSystem::Rename(absl::string_view from, absl::string_view to) {
  return DoWithTwoPaths("rename", from, to,
                        [](const char* a, const char* b) { return ::rename(a, b); });
}

Operation<absl::Status> PosixFileSystem::RenameNew(absl::string_view from, absl::string_view to) {
  return DoWithTwoPaths("rename", from, to, [](const char* a, const char* b) {
    return ::renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_NOREPLACE);
  });
}

Operation<absl::Status> PosixFileSystem::Link(absl::string_view from, absl::string_view to) {
  return DoWithTwoPaths("link", from, to,
                        [](const char* a, const char* b) { return ::link(a, b); });
}

// An absolute target is a path of the private world too, or following the link would lead out of
// it.
Operation<absl::Status> PosixFileSystem::Symlink(absl::string_view target, absl::string_view path) {
  return DoWithTwoPaths("symlink", target, path,
                        [](const char* a, const char* b) { return ::symlink(a, b); });
}

Operation<absl::StatusOr<std::string>> PosixFileSystem::ReadLink(absl::string_view path) {
  using Result = absl::StatusOr<std::string>;
  std::array<char, PATH_MAX> target;
  ssize_t size = 0;
  absl::Status done = Do("readlink", path, [&](const char* real) {
    size = ::readlink(real, target.data(), target.size());
    return size < 0 ? -1 : 0;
  });
  if (!done.ok()) return Result(done);
  return Result(services_.root.FromMachine({target.data(), static_cast<size_t>(size)}));
}

Operation<absl::Status> PosixFileSystem::ChangeMode(absl::string_view path, FileMode mode) {
  return Do("chmod", path, [&](const char* real) { return ::chmod(real, mode); });
}

Operation<absl::Status> PosixFileSystem::ChangeOwner(absl::string_view path,
                                                     std::optional<UserId> owner,
                                                     std::optional<GroupId> group) {
  return Do("chown", path, [&](const char* real) {
    return ::lchown(real, owner ? static_cast<uid_t>(*owner) : static_cast<uid_t>(-1),
                    group ? static_cast<gid_t>(*group) : static_cast<gid_t>(-1));
  });
}

Operation<absl::Status> PosixFileSystem::SetTimes(absl::string_view path, absl::Time accessed,
                                                  absl::Time modified) {
  const timespec times[2] = {absl::ToTimespec(accessed), absl::ToTimespec(modified)};
  return Do("utimensat", path,
            [&](const char* real) { return ::utimensat(AT_FDCWD, real, times, 0); });
}

absl::StatusOr<UniqueFd> PosixFileSystem::DirectoryFd(absl::string_view name,
                                                      absl::string_view path) const {
  UniqueFd fd;
  RETURN_IF_ERROR(Do(name, path, [&](const char* real) {
    fd.Reset(::open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return fd.valid() ? 0 : -1;
  }));
  return fd;
}

Operation<absl::StatusOr<std::unique_ptr<DirectoryReader>>> PosixFileSystem::OpenDirectory(
    absl::string_view path) {
  using Result = absl::StatusOr<std::unique_ptr<DirectoryReader>>;
  absl::StatusOr<UniqueFd> fd = DirectoryFd("opendir", path);
  if (!fd.ok()) return Result(fd.status());
  return Result(
      MakeDirectoryReader(services_.workers, *std::move(fd), absl::StrCat("readdir ", path)));
}

Operation<absl::StatusOr<std::vector<DirectoryEntry>>> PosixFileSystem::ListDirectory(
    absl::string_view path) {
  absl::StatusOr<UniqueFd> fd = DirectoryFd("opendir", path);
  if (!fd.ok()) return absl::StatusOr<std::vector<DirectoryEntry>>(fd.status());
  return ListOpenDirectory(services_.workers, *std::move(fd), absl::StrCat("readdir ", path));
}

// The path may lead elsewhere by now, with the working directory or by another's hand. An inode
// that is kept open is not given to anything else.
absl::StatusOr<SyncService::Target> PosixFileSystem::FindDirectory(absl::string_view path) {
  struct stat now;
  const auto kept = std::find_if(synced_.begin(), synced_.end(),
                                 [&](const SyncedDirectory& each) { return each.path == path; });
  // What nobody else can change is not asked for: it is the queue's.
  if (kept != synced_.end() && path == "." &&
      kept->working_directory_changes == services_.working_directory.changes) {
    return kept->target;
  }
  if (kept != synced_.end()) {
    RETURN_IF_ERROR(Do("fsync", path, [&](const char* real) { return ::stat(real, &now); }));
    if (kept->target.device == now.st_dev && kept->target.inode == now.st_ino) {
      std::rotate(synced_.begin(), kept, kept + 1);
      return synced_.front().target;
    }
    synced_.erase(kept);
  }
  ASSIGN_OR_RETURN(UniqueFd fd, DirectoryFd("fsync", path));
  if (::fstat(fd.get(), &now) != 0) return LastError(absl::StrCat("fsync ", path));
  if (synced_.size() == kKeptDirectories) synced_.pop_back();
  const SyncService::Target target = {.fd = std::make_shared<const UniqueFd>(std::move(fd)),
                                      .device = now.st_dev,
                                      .inode = now.st_ino,
                                      .directory = true};
  synced_.insert(synced_.begin(), {std::string(path), target, services_.working_directory.changes});
  return target;
}

Operation<absl::Status> PosixFileSystem::SyncDirectory(absl::string_view path) {
  const absl::StatusOr<SyncService::Target> target = FindDirectory(path);
  if (!target.ok()) return target.status();
  return SyncOperationOf(services_.syncs, *target, absl::StrCat("fsync ", path));
}

Operation<absl::StatusOr<FreeSpace>> PosixFileSystem::GetFreeSpace(absl::string_view path) {
  struct statvfs space;
  absl::Status done =
      Do("statvfs", path, [&](const char* real) { return ::statvfs(real, &space); });
  if (!done.ok()) return absl::StatusOr<FreeSpace>(done);
  return absl::StatusOr<FreeSpace>(FreeSpace{
      .block_bytes = space.f_frsize, .free_blocks = space.f_bavail, .free_inodes = space.f_favail});
}

}  // namespace stagepost
