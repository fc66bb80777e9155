// A .forward or :include: file: opened only if nobody but its owner can have written it, as far as
// DontBlameSendmail wants that, and read whole. Operations Guide, 5.6 (DontBlameSendmail);
// cf/README, "SECURITY NOTES".
#ifndef STAGEPOST_MTA_EXPAND_USER_FILE_H_
#define STAGEPOST_MTA_EXPAND_USER_FILE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/cf/options.h"
#include "mta/env/environment.h"
#include "mta/env/identity.h"

namespace stagepost {

// sendmail has no limit; a larger file is refused (kEFBIG) before any of it is used.
inline constexpr size_t kMaxIncludeBytes = 16 << 20;

enum class UserFileKind { kForward, kInclude };

struct UserFile {
  std::string text;
  UserId owner = kRootUser;
  // Somebody else may have written it, which the site puts up with: its addresses count, but no
  // programs and no files.
  bool unsafe = false;
  bool world_writable = false;  // why it is unsafe, for the log
};

// Reads `path` as `identity` may, within Timeout.fileopen. Errors are those of OpenSafely(), for
// IsPassingFileError() those that another attempt may not give.
Task<absl::StatusOr<UserFile>> ReadUserFile(Environment& env, const Options& options,
                                            UserFileKind kind, Identity identity, std::string path);

// Whether mail has to wait: the file server is away, descriptors are used up, …
bool IsPassingFileError(const absl::Status& status);

// One line with addresses in it.
struct UserFileLine {
  int number = 0;  // from 1
  absl::string_view text;
};

// The lines of such a file that are neither empty nor comments: '#' in front, and everything from
// " #@# " on. They refer to `text`.
std::vector<UserFileLine> LinesOfUserFile(absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_EXPAND_USER_FILE_H_
