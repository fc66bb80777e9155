#include "mta/policy/safe_file.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"

namespace stagepost {
namespace {

constexpr int kMaxLinks = 32;
constexpr char kDirectoryPayload[] = "stagepost/unsafe-directory";
constexpr size_t kMaxPathBytes = 4095;

constexpr FileMode kGroupRead = 0040;
constexpr FileMode kGroupWrite = 0020;
constexpr FileMode kOtherRead = 0004;
constexpr FileMode kOtherWrite = 0002;
constexpr FileMode kOwnerRead = 0400;
constexpr FileMode kSticky = 01000;

absl::Status Unsafe(absl::string_view reason) { return absl::PermissionDeniedError(reason); }

// The same error, with nothing but its reason as message.
absl::Status ReasonOf(const absl::Status& status) {
  const Errno error = ErrnoOf(status);
  if (error == Errno::kOk) return status;
  absl::Status reason(status.code(), ErrnoText(error));
  status.ForEachPayload(
      [&](absl::string_view type, const absl::Cord& payload) { reason.SetPayload(type, payload); });
  return reason;
}

absl::Status ErrnoReason(Errno error) { return ReasonOf(ErrnoStatus(error, "")); }

absl::Status UnsafeDirectoryStatus(absl::string_view who, absl::string_view path) {
  absl::Status status = Unsafe(absl::StrCat(who, " writable directory"));
  status.SetPayload(kDirectoryPayload, absl::Cord(path));
  return status;
}

absl::Status CheckDirectory(const FileStat& stat, absl::string_view path,
                            const SafeFileRules& rules) {
  if (!rules.check_directories) return absl::OkStatus();
  if ((stat.mode & kSticky) != 0 && rules.sticky_directories_are_safe) return absl::OkStatus();
  if ((stat.mode & kOtherWrite) != 0) return UnsafeDirectoryStatus("World", path);
  if ((stat.mode & kGroupWrite) != 0 && !rules.group_writable_directories_are_safe) {
    return UnsafeDirectoryStatus("Group", path);
  }
  return absl::OkStatus();
}

bool IsMember(const Identity& identity, GroupId group) {
  return identity.group == group ||
         std::find(identity.supplementary.begin(), identity.supplementary.end(), group) !=
             identity.supplementary.end();
}

bool MayRead(const FileStat& stat, const Identity& identity) {
  if (stat.owner == identity.user) return (stat.mode & kOwnerRead) != 0;
  return (stat.mode & (IsMember(identity, stat.group) ? kGroupRead : kOtherRead)) != 0;
}

absl::Status CheckFile(const FileStat& stat, const Identity& identity, const SafeFileRules& rules) {
  if (stat.type != FileType::kRegular) return Unsafe("Regular files only");
  if (rules.refuse_hard_links && stat.links != 1) return Unsafe("Hard links not allowed");
  if (rules.refuse_group_writable && (stat.mode & kGroupWrite) != 0) {
    return Unsafe("Group writable file");
  }
  if (rules.refuse_world_writable && (stat.mode & kOtherWrite) != 0) {
    return Unsafe("World writable file");
  }
  if (rules.refuse_group_readable && (stat.mode & kGroupRead) != 0) {
    return Unsafe("Group readable file");
  }
  if (rules.owner.has_value() && stat.owner != *rules.owner && stat.owner != kRootUser) {
    return ErrnoReason(Errno::kEACCES);
  }
  if (rules.by_permission_bits && !MayRead(stat, identity)) return ErrnoReason(Errno::kEACCES);
  return absl::OkStatus();
}

// The part of a path that is still to be walked, and what was walked.
struct Walk {
  std::string walked;  // "/" or "/a/b"; empty: the working directory
  std::string rest;    // without leading slashes
};

Walk Begin(std::string path) {
  Walk walk;
  if (path.front() == '/') walk.walked = "/";
  walk.rest = std::move(path);
  walk.rest.erase(0, std::min(walk.rest.find_first_not_of('/'), walk.rest.size()));
  return walk;
}

std::string Joined(absl::string_view directory, absl::string_view name) {
  if (directory.empty()) return std::string(name);
  return absl::StrCat(directory, directory == "/" ? "" : "/", name);
}

// Takes the next directory of the rest; empty: only the file's own name is left.
std::string TakeDirectory(Walk& walk) {
  const size_t slash = walk.rest.find('/');
  if (slash == walk.rest.npos) return "";
  std::string name = walk.rest.substr(0, slash);
  walk.rest.erase(0, std::min(walk.rest.find_first_not_of('/', slash), walk.rest.size()));
  return name;
}

}  // namespace

std::string UnsafeDirectory(const absl::Status& status) {
  const absl::optional<absl::Cord> directory = status.GetPayload(kDirectoryPayload);
  return directory.has_value() ? std::string(*directory) : "";
}

Task<absl::Status> CheckDirectories(FileSystem& files, std::string path, SafeFileRules rules) {
  if (path.empty()) co_return ErrnoReason(Errno::kENOENT);
  if (path.size() > kMaxPathBytes) co_return ErrnoReason(Errno::kENAMETOOLONG);
  Walk walk = Begin(std::move(path));
  // The root or the working directory itself.
  absl::StatusOr<FileStat> stat = co_await files.Stat(walk.walked.empty() ? "." : walk.walked);
  if (!stat.ok()) co_return ReasonOf(stat.status());
  CO_RETURN_IF_ERROR(CheckDirectory(*stat, walk.walked.empty() ? "." : walk.walked, rules));
  int links = 0;
  for (std::string name = TakeDirectory(walk); !name.empty(); name = TakeDirectory(walk)) {
    const std::string directory = Joined(walk.walked, name);
    stat = co_await files.LinkStat(directory);
    if (!stat.ok()) co_return ReasonOf(stat.status());
    if (stat->type == FileType::kSymlink) {
      if (++links > kMaxLinks) co_return ErrnoReason(Errno::kELOOP);
      absl::StatusOr<std::string> target = co_await files.ReadLink(directory);
      if (!target.ok()) co_return ReasonOf(target.status());
      if (target->empty()) co_return ErrnoReason(Errno::kENOENT);
      std::string longer = absl::StrCat(*target, "/", walk.rest);
      if (longer.size() > kMaxPathBytes) co_return ErrnoReason(Errno::kENAMETOOLONG);
      Walk again = Begin(std::move(longer));
      if (again.walked.empty()) again.walked = std::move(walk.walked);
      walk = std::move(again);
      continue;
    }
    // sendmail says so of anything that is in the way.
    if (stat->type != FileType::kDirectory) co_return ErrnoReason(Errno::kEACCES);
    CO_RETURN_IF_ERROR(CheckDirectory(*stat, directory, rules));
    walk.walked = directory;
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::unique_ptr<File>>> OpenSafely(FileSystem& files, Identity identity,
                                                       std::string path, SafeFileRules rules) {
  if (rules.check_directories) CO_RETURN_IF_ERROR(co_await CheckDirectories(files, path, rules));
  if (rules.refuse_links) {
    const absl::StatusOr<FileStat> link = co_await files.LinkStat(path);
    if (!link.ok()) co_return ReasonOf(link.status());
    if (link->type == FileType::kSymlink) co_return Unsafe("Symbolic links not allowed");
  }
  const absl::StatusOr<FileStat> before = co_await files.Stat(path);
  if (!before.ok()) co_return ReasonOf(before.status());
  CO_RETURN_IF_ERROR(CheckFile(*before, identity, rules));
  OpenOptions options;
  options.read = true;
  options.non_blocking = true;
  options.no_follow = rules.refuse_links;
  absl::StatusOr<std::unique_ptr<File>> file = co_await files.Open(path, options);
  if (!file.ok()) co_return ReasonOf(file.status());
  const absl::StatusOr<FileStat> opened = co_await (*file)->Stat();
  if (!opened.ok()) co_return ReasonOf(opened.status());
  CO_RETURN_IF_ERROR(CheckFile(*opened, identity, rules));
  if (opened->device != before->device || opened->inode != before->inode) {
    co_return Unsafe("File changed after open");
  }
  co_return std::move(file);
}

}  // namespace stagepost
