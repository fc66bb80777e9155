// PidFile: how other programs find the daemon. Operations Guide, 5.6.
//
// Two lines: the process id, and the command line that started it. Removed when the daemon ends.
#ifndef STAGEPOST_MTA_DAEMON_PID_FILE_H_
#define STAGEPOST_MTA_DAEMON_PID_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

// Writes it anew, with permissions `mode` (TempFileMode) if it is new; a symbolic link in its place
// is not followed.
Task<absl::Status> WritePidFile(Environment& env, std::string path, FileMode mode,
                                Arguments command_line);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_PID_FILE_H_
