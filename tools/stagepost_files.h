// Finds and reads the scenario files that a command line names.
#ifndef STAGEPOST_TOOLS_STAGEPOST_FILES_H_
#define STAGEPOST_TOOLS_STAGEPOST_FILES_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace stagepost {

// The files that `arguments` stand for: FILE itself; DIR and DIR/...: every *.textproto below it,
// in order of their paths' bytes, links to directories not followed. Arguments keep their order.
// kNotFound: "PATH: why", also for a directory without any.
absl::StatusOr<std::vector<std::string>> FindScenarios(const std::vector<std::string>& arguments);

// The bytes of a file, and never more than one beyond `max_bytes`, so that a caller sees that there
// are too many. kNotFound: "PATH: why".
absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t max_bytes);

// kPermissionDenied: "PATH: why".
absl::Status WriteWholeFile(const std::string& path, absl::string_view bytes);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_STAGEPOST_FILES_H_
