// chmod, chown, mkdir, rm, rmdir: utilities that change files where they are.

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "sim/peer/sh_parser.h"
#include "sim/peer/sh_utilities.h"

namespace stagepost {
namespace {

constexpr int kMaxSymlinks = 40;
constexpr int kMaxDepth = 100;  // of directories that rm -r goes down

Task<int> Refuse(const ShCall& call, absl::string_view what) {
  co_return co_await ShComplain(call, absl::StrCat(what, " ", kNotInSimulatedShell), 2);
}

Task<int> Failed(const ShCall& call, const std::string& path, const absl::Status& status) {
  co_return co_await ShComplain(call, absl::StrCat(path, ": ", ErrnoText(ErrnoOf(status))));
}

// --- Modes.

// The bits of "ugoa" letters, each class with its set-id bit; 0 without any.
FileMode TakeClasses(absl::string_view& text) {
  FileMode mask = 0;
  for (; !text.empty(); text.remove_prefix(1)) {
    switch (text[0]) {
      case 'u':
        mask |= 04700;
        break;
      case 'g':
        mask |= 02070;
        break;
      case 'o':
        mask |= 01007;
        break;
      case 'a':
        mask |= 07777;
        break;
      default:
        return mask;
    }
  }
  return mask;
}

// The bits of "rwxXst" letters for every class.
FileMode TakePermissions(absl::string_view& text, FileMode old, bool directory) {
  FileMode bits = 0;
  for (; !text.empty(); text.remove_prefix(1)) {
    switch (text[0]) {
      case 'r':
        bits |= 0444;
        break;
      case 'w':
        bits |= 0222;
        break;
      case 'x':
        bits |= 0111;
        break;
      case 'X':
        if (directory || (old & 0111) != 0) bits |= 0111;
        break;
      case 's':
        bits |= 06000;
        break;
      case 't':
        bits |= 01000;
        break;
      default:
        return bits;
    }
  }
  return bits;
}

// The mode that umask(2) has; asking sets it.
FileMode CurrentUmask(Environment& env) {
  const FileMode mask = env.process().SetUmask(0);
  env.process().SetUmask(mask);
  return mask;
}

// --- Owners.

struct Owners {
  std::optional<UserId> user;
  std::optional<GroupId> group;
};

std::optional<Owners> ParseOwners(Accounts& accounts, absl::string_view text) {
  Owners owners;
  const std::pair<absl::string_view, absl::string_view> names =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  uint32_t id = 0;
  if (!names.first.empty()) {
    // A name that looks like a number is a name first.
    if (const auto user = accounts.FindUser(names.first); user.ok()) {
      owners.user = user->id;
    } else if (absl::SimpleAtoi(names.first, &id)) {
      owners.user = UserId{id};
    } else {
      return std::nullopt;
    }
  }
  if (!names.second.empty()) {
    if (const auto group = accounts.FindGroup(names.second); group.ok()) {
      owners.group = group->id;
    } else if (absl::SimpleAtoi(names.second, &id)) {
      owners.group = GroupId{id};
    } else {
      return std::nullopt;
    }
  }
  return owners;
}

// Where the symbolic links that `path` may end in lead: the seam's ChangeOwner() does not follow.
Task<absl::StatusOr<std::string>> FollowLast(FileSystem& files, std::string path) {
  for (int i = 0; i < kMaxSymlinks; ++i) {
    CO_ASSIGN_OR_RETURN(const FileStat stat, co_await files.LinkStat(path));
    if (stat.type != FileType::kSymlink) co_return path;
    CO_ASSIGN_OR_RETURN(const std::string target, co_await files.ReadLink(path));
    path = absl::StartsWith(target, "/") ? target : path.substr(0, path.rfind('/') + 1) + target;
  }
  co_return ErrnoStatus(Errno::kELOOP, path);
}

Task<absl::Status> ChangeOwners(FileSystem& files, std::string path, Owners owners) {
  CO_ASSIGN_OR_RETURN(const std::string file, co_await FollowLast(files, path));
  co_return co_await files.ChangeOwner(file, owners.user, owners.group);
}

// --- Directories.

Task<absl::Status> MakeParents(FileSystem& files, std::string path) {
  for (size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
    const absl::Status made = co_await files.MakeDirectory(path.substr(0, slash), 0777);
    // One that may not be written to may stand there all the same.
    if (!made.ok() && !(co_await files.Stat(path.substr(0, slash))).ok()) co_return made;
  }
  co_return absl::OkStatus();
}

Task<absl::Status> MakeOne(const ShCall& call, std::string path, bool parents,
                           std::optional<FileMode> mode) {
  FileSystem& files = call.env.files();
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  if (parents) CO_RETURN_IF_ERROR(co_await MakeParents(files, path));
  const absl::Status made = co_await files.MakeDirectory(path, mode.value_or(0777));
  if (!made.ok()) {
    const auto stat = co_await files.Stat(path);
    if (parents && stat.ok() && stat->type == FileType::kDirectory) co_return absl::OkStatus();
    co_return made;
  }
  if (!mode.has_value()) co_return absl::OkStatus();
  // Whatever the umask.
  co_return co_await files.ChangeMode(path, *mode);
}

Task<absl::Status> Remove(FileSystem& files, std::string path, bool recursive, int depth) {
  CO_ASSIGN_OR_RETURN(const FileStat stat, co_await files.LinkStat(path));
  if (stat.type != FileType::kDirectory) co_return co_await files.Unlink(path);
  if (!recursive) co_return ErrnoStatus(Errno::kEISDIR, path);
  if (depth == 0) co_return ErrnoStatus(Errno::kENAMETOOLONG, path);
  CO_ASSIGN_OR_RETURN(std::vector<DirectoryEntry> entries, co_await files.ListDirectory(path));
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  // Goes on, so that only what cannot be removed is left.
  absl::Status first;
  for (const DirectoryEntry& entry : entries) {
    first.Update(co_await Remove(files, absl::StrCat(path, "/", entry.name), true, depth - 1));
  }
  CO_RETURN_IF_ERROR(first);
  co_return co_await files.RemoveDirectory(path);
}

bool IsDots(absl::string_view path) {
  while (path.size() > 1 && absl::EndsWith(path, "/")) path.remove_suffix(1);
  const absl::string_view last = path.substr(path.rfind('/') + 1);
  return path == "/" || last == "." || last == "..";
}

}  // namespace

std::optional<FileMode> ParseShMode(absl::string_view text, FileMode old, bool directory,
                                    FileMode umask) {
  if (!text.empty() && text.find_first_not_of("01234567") == text.npos) {
    FileMode mode = 0;
    if (text.size() > 5) return std::nullopt;
    for (const char c : text) mode = mode * 8 + static_cast<FileMode>(c - '0');
    if (mode > 07777) return std::nullopt;
    return mode;
  }
  for (absl::string_view clause : absl::StrSplit(text, ',')) {
    FileMode mask = TakeClasses(clause);
    if (mask == 0) mask = 07777 & ~umask;
    if (clause.empty()) return std::nullopt;
    while (!clause.empty()) {
      const char action = clause[0];
      if (!absl::StrContains("+-=", clause.substr(0, 1))) return std::nullopt;
      clause.remove_prefix(1);
      const FileMode bits = TakePermissions(clause, old, directory) & mask;
      if (action == '+') old |= bits;
      if (action == '-') old &= ~bits;
      if (action == '=') old = (old & ~mask) | bits;
    }
  }
  return old;
}

Task<int> ShChmod(const ShCall& call) {
  if (call.arguments.size() < 3) co_return co_await ShComplain(call, "a mode and files are needed");
  const std::string& mode = call.arguments[1];
  const FileMode umask = CurrentUmask(call.env);
  if (!ParseShMode(mode, 0, false, umask).has_value()) {
    co_return co_await Refuse(call, absl::StrCat("\"", mode, "\" as a mode"));
  }
  FileSystem& files = call.env.files();
  int status = 0;
  for (size_t i = 2; i < call.arguments.size(); ++i) {
    const std::string& path = call.arguments[i];
    const auto stat = co_await files.Stat(path);
    absl::Status changed = stat.status();
    if (stat.ok()) {
      const bool directory = stat->type == FileType::kDirectory;
      changed = co_await files.ChangeMode(path, *ParseShMode(mode, stat->mode, directory, umask));
    }
    if (!changed.ok()) status = co_await Failed(call, path, changed);
  }
  co_return status;
}

Task<int> ShChown(const ShCall& call) {
  const ShOptions options = ParseShOptions(call.arguments, "");
  if (!options.unknown.empty()) co_return co_await Refuse(call, options.unknown);
  if (options.operands.size() < 2) {
    co_return co_await ShComplain(call, "an owner and files are needed");
  }
  const std::optional<Owners> owners = ParseOwners(call.env.accounts(), options.operands[0]);
  if (!owners.has_value()) {
    co_return co_await ShComplain(call, absl::StrCat(options.operands[0], ": no such owner"));
  }
  int status = 0;
  for (size_t i = 1; i < options.operands.size(); ++i) {
    const std::string& path = options.operands[i];
    const absl::Status changed = co_await ChangeOwners(call.env.files(), path, *owners);
    if (!changed.ok()) status = co_await Failed(call, path, changed);
  }
  co_return status;
}

Task<int> ShRmdir(const ShCall& call) {
  const ShOptions options = ParseShOptions(call.arguments, "");
  if (!options.unknown.empty()) co_return co_await Refuse(call, options.unknown);
  if (options.operands.empty()) co_return co_await ShComplain(call, "a directory is needed");
  int status = 0;
  for (const std::string& path : options.operands) {
    const absl::Status removed = co_await call.env.files().RemoveDirectory(path);
    if (!removed.ok()) status = co_await Failed(call, path, removed);
  }
  co_return status;
}

Task<int> ShMkdir(const ShCall& call) {
  const ShOptions options = ParseShOptions(call.arguments, "pm:");
  if (!options.unknown.empty()) co_return co_await Refuse(call, options.unknown);
  if (options.operands.empty()) co_return co_await ShComplain(call, "a directory is needed");
  std::optional<FileMode> mode;
  if (options.value.has_value()) {
    mode = ParseShMode(*options.value, 0777, true, CurrentUmask(call.env));
    if (!mode.has_value()) {
      co_return co_await Refuse(call, absl::StrCat("\"", *options.value, "\" as a mode"));
    }
  }
  const bool parents = absl::StrContains(options.flags, 'p');
  int status = 0;
  for (const std::string& path : options.operands) {
    const absl::Status made = co_await MakeOne(call, path, parents, mode);
    if (!made.ok()) status = co_await Failed(call, path, made);
  }
  co_return status;
}

Task<int> ShRm(const ShCall& call) {
  const ShOptions options = ParseShOptions(call.arguments, "rRf");
  if (!options.unknown.empty()) co_return co_await Refuse(call, options.unknown);
  const bool force = absl::StrContains(options.flags, 'f');
  const bool recursive = options.flags.find_first_of("rR") != options.flags.npos;
  if (options.operands.empty() && !force) co_return co_await ShComplain(call, "a file is needed");
  int status = 0;
  for (const std::string& path : options.operands) {
    if (IsDots(path)) {
      status = co_await ShComplain(call, absl::StrCat(path, ": is never removed"));
      continue;
    }
    const absl::Status removed = co_await Remove(call.env.files(), path, recursive, kMaxDepth);
    if (removed.ok() || (force && ErrnoOf(removed) == Errno::kENOENT)) continue;
    status = co_await Failed(call, path, removed);
  }
  co_return status;
}

}  // namespace stagepost
