// Starting another program, and its end.
#ifndef STAGEPOST_MTA_ENV_PROGRAMS_H_
#define STAGEPOST_MTA_ENV_PROGRAMS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "mta/async/operation.h"
#include "mta/env/identity.h"
#include "mta/env/process.h"
#include "mta/env/stream.h"

namespace stagepost {

// One program to start. The child gets exactly this environment and these descriptors.
struct ProgramRequest {
  std::string path;     // absolute
  Arguments arguments;  // [0] included
  std::map<std::string, std::string> environment = {};
  std::string working_directory = "/";
  // Real, effective and saved ids and groups of the child, set between clone and exec; the caller's
  // effective identity when absent. A set-uid or set-gid program file acts as usual after that.
  std::optional<Identity> identity = std::nullopt;
  // Whether each standard stream is a pipe to the caller; otherwise it is /dev/null.
  bool pipe_input = false;
  bool pipe_output = false;
  bool pipe_error = false;
};

// How a program ended: with an exit code, or killed by a signal.
struct ExitStatus {
  int code = 0;
  std::optional<Signal> killed_by;
  bool ok() const { return code == 0 && !killed_by.has_value(); }
};

// A started program. Destroying it kills the program with SIGKILL if it still runs: helpers die with
// whoever started them.
class Child {
 public:
  virtual ~Child() = default;

  virtual ProcessId pid() const = 0;
  // The pipes that were asked for, else null. Taken once.
  virtual std::unique_ptr<ByteSink> TakeInput() = 0;
  virtual std::unique_ptr<ByteSource> TakeOutput() = 0;
  virtual std::unique_ptr<ByteSource> TakeError() = 0;
  // Waits for the end. Cancelled: the program still runs.
  virtual Operation<absl::StatusOr<ExitStatus>> Wait() = 0;
  virtual void Kill(Signal signal) = 0;
};

class Programs {
 public:
  virtual ~Programs() = default;

  // Errors of starting carry an Errno: kENOENT, kEACCES (not executable, or a directory in the way),
  // kEPERM (identity needs privilege), kENOEXEC, kEAGAIN (too many processes).
  virtual Operation<absl::StatusOr<std::unique_ptr<Child>>> Start(const ProgramRequest& request) = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_PROGRAMS_H_
