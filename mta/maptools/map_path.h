// Whether a map may be opened: the rules that sendmail's map tools have for the file and for the
// directories above it (sendmail's "safe file" checks). Root has no privilege in them: what
// the modes do not give to uid 0 is refused.
#ifndef STAGEPOST_MTA_MAPTOOLS_MAP_PATH_H_
#define STAGEPOST_MTA_MAPTOOLS_MAP_PATH_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

struct MapAccess {
  bool write = false;
  bool create = false;       // with write: the file need not be there
  bool allow_links = false;  // symbolic and hard ones
  // TrustedUser, when we are root: what that user may write, we may. Directories on
  // the way must let us through all the same.
  std::optional<UserId> trusted = std::nullopt;
};

// The name of a map's file: ".db" is added unless it is there.
std::string MapFileName(absl::string_view map);

// Looks at every directory in the path, then at the file; nullopt: there is none, and it may be
// made. Adds one line "WARNING: World writable directory DIRECTORY\n" (or "Group …") to `warnings`
// for each directory that others may write. For errors see MapErrorText().
Task<absl::StatusOr<std::optional<FileStat>>> CheckMapPath(Environment& env, std::string path,
                                                           MapAccess access, std::string& warnings);

// An error as the tools print it: the text of its Errno ("Permission denied"), or its own ("Hard
// links not allowed").
std::string MapErrorText(const absl::Status& status);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPTOOLS_MAP_PATH_H_
