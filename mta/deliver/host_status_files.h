// The files below HostStatusDirectory, all of them: what hoststat prints and purgestat removes.
// Operations Guide, 2.4.
#ifndef STAGEPOST_MTA_DELIVER_HOST_STATUS_FILES_H_
#define STAGEPOST_MTA_DELIVER_HOST_STATUS_FILES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/async/task.h"
#include "mta/deliver/host_record.h"
#include "mta/env/environment.h"

namespace stagepost {

// Hosts of one directory tree; the rest is not looked at.
inline constexpr size_t kMaxHostStatusFiles = 1'000'000;

// The files' paths below `directory`, sorted: "example./dom1./mail". Links, names that begin with a
// dot and what is deeper than any host's name are passed over, as is what cannot be read.
Task<std::vector<std::string>> HostStatusFiles(Environment& env, std::string directory);

struct HostStatusFile {
  absl::StatusOr<HostRecord> record;
  bool locked = false;  // a connection goes there
  absl::Time modified;
};
// kNotFound and the like: gone meanwhile, or not a file to be read. What is in it may be an error
// of its own.
Task<absl::StatusOr<HostStatusFile>> ReadHostStatusFile(Environment& env, std::string path);

// The line of hoststat: "*" while it is locked, the host, how long ago that was, and what was said,
// cut to 25 characters, or to 78 when `verbose`. With its end.
std::string HostStatusLine(absl::string_view host, const HostStatusFile& file, absl::Time now,
                           bool verbose);
// What stands above the lines.
inline constexpr absl::string_view kHostStatusHeading =
    " -------------- Hostname --------------- How long ago ---------Results---------\n";

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_HOST_STATUS_FILES_H_
