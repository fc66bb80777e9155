#include "sim/world/sim_file_caller.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace stagepost {

absl::string_view FileCallName(FileCall call) {
  switch (call) {
    case FileCall::kOpen:
      return "open";
    case FileCall::kRead:
      return "read";
    case FileCall::kWrite:
      return "write";
    case FileCall::kTruncate:
      return "ftruncate";
    case FileCall::kFileStat:
      return "fstat";
    case FileCall::kFileChangeMode:
      return "fchmod";
    case FileCall::kFileChangeOwner:
      return "fchown";
    case FileCall::kSync:
    case FileCall::kSyncDirectory:
      return "fsync";
    case FileCall::kLock:
      return "lock";
    case FileCall::kUnlock:
      return "unlock";
    case FileCall::kStat:
      return "stat";
    case FileCall::kLinkStat:
      return "lstat";
    case FileCall::kMakeDirectory:
      return "mkdir";
    case FileCall::kRemoveDirectory:
      return "rmdir";
    case FileCall::kUnlink:
      return "unlink";
    case FileCall::kRename:
      return "rename";
    case FileCall::kLink:
      return "link";
    case FileCall::kSymlink:
      return "symlink";
    case FileCall::kReadLink:
      return "readlink";
    case FileCall::kChangeMode:
      return "chmod";
    case FileCall::kChangeOwner:
      return "lchown";
    case FileCall::kSetTimes:
      return "utimensat";
    case FileCall::kListDirectory:
    case FileCall::kOpenDirectory:
      return "opendir";
    case FileCall::kReadDirectory:
      return "readdir";
    case FileCall::kGetFreeSpace:
      return "statfs";
    case FileCall::kChangeDirectory:
      return "chdir";
  }
  return "?";
}

std::string AbsolutePath(FileCaller& caller, absl::string_view path) {
  if (absl::StartsWith(path, "/")) return std::string(path);
  const OpenFile* const directory = caller.working_directory();
  const std::string from = directory == nullptr ? "/" : caller.disk().PathOf(*directory).value;
  return absl::StrCat(from, absl::EndsWith(from, "/") ? "" : "/", path);
}

}  // namespace stagepost
