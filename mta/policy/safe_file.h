// Whether a file can be trusted: nobody else could have changed it, or put another one in its
// place. Operations Guide, 1.1.3 and 5.6 (DontBlameSendmail); cf/README, "SECURITY NOTES".
//
// The directories of the path are checked from the root on, through symbolic links; then the file
// is opened without waiting and compared with what was found under its name before, so that an
// exchange in between is noticed. Reasons are in sendmail's words.
#ifndef STAGEPOST_MTA_POLICY_SAFE_FILE_H_
#define STAGEPOST_MTA_POLICY_SAFE_FILE_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mta/async/task.h"
#include "mta/env/file_system.h"
#include "mta/env/identity.h"

namespace stagepost {

// What makes a file unsafe. Whoever opens one decides, from what the file is for and from
// DontBlameSendmail.
struct SafeFileRules {
  // Writable directories in the path. All three of:
  bool check_directories = true;
  bool group_writable_directories_are_safe = false;  // GroupWritableDirPathSafe
  bool sticky_directories_are_safe = false;          // TrustStickyBit

  bool refuse_group_writable = false;
  bool refuse_world_writable = false;
  bool refuse_group_readable = false;
  bool refuse_links = false;       // the name itself is a symbolic link
  bool refuse_hard_links = false;  // there are other names
  // It must belong to this user or to root.
  std::optional<UserId> owner = std::nullopt;
  // The superuser's privileges do not count: the permissions that the file shows must allow it.
  bool by_permission_bits = true;
};

// Opens `path` for reading. Errors carry an Errno where a call failed, and the reason alone as
// their message: "Group writable directory", "Regular files only", "No such file or directory".
// Anything but a regular file is refused. `identity` is the one that `files` works under.
Task<absl::StatusOr<std::unique_ptr<File>>> OpenSafely(FileSystem& files, Identity identity,
                                                       std::string path, SafeFileRules rules);

// OK, or why the directories that lead to `path` are not safe.
Task<absl::Status> CheckDirectories(FileSystem& files, std::string path, SafeFileRules rules);

// Which directory a status of CheckDirectories() is about: one that others may write; empty: it is
// about something else.
std::string UnsafeDirectory(const absl::Status& status);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POLICY_SAFE_FILE_H_
