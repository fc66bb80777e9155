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
#include "absl/time/time.h"
#include "mta/async/operation.h"
#include "mta/env/identity.h"
#include "mta/env/process.h"
#include "mta/env/stream.h"

namespace stagepost {

// What a program may use at most, and each program that it starts in its turn. What is absent is as
// the caller has it; where the caller's own (hard) limit is stricter, that holds. setrlimit(2).
struct ProgramLimits {
  // How long after its cpu_time a program that has survived SIGXCPU is killed with SIGKILL.
  static constexpr absl::Duration kCpuGrace = absl::Seconds(5);

  // Processor time, more than 0; whole seconds, rounded up. At the limit comes SIGXCPU, which ends
  // every program of ours.
  std::optional<absl::Duration> cpu_time = std::nullopt;
  // Beyond it no memory can be had, which programs do not survive for long.
  std::optional<uint64_t> address_space_bytes = std::nullopt;
  // Descriptors, those it has from the start included: kEMFILE.
  std::optional<uint64_t> open_files = std::nullopt;
  // How long a file may become: what is written stops there, and then comes kEFBIG. (And SIGXFSZ,
  // which programs of ours ignore, and others often die of.)
  std::optional<uint64_t> file_bytes = std::nullopt;
  // What a dump of its memory may leave behind; 0: none is made.
  std::optional<uint64_t> core_bytes = std::nullopt;
};

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
  ProgramLimits limits = {};
};

// How a program ended: with an exit code, or killed by a signal.
struct ExitStatus {
  int code = 0;
  std::optional<Signal> killed_by;
  bool ok() const { return code == 0 && !killed_by.has_value(); }
};

// A started program. Destroying it kills the program with SIGKILL if it still runs: helpers die
// with whoever started them.
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

  // Errors of starting carry an Errno: kENOENT, kEACCES (not executable, or a directory in the
  // way), kEPERM (identity needs privilege), kENOEXEC, kEAGAIN (too many processes), kEMFILE (too
  // many descriptors of the caller), kEINVAL (a NUL, or no cpu_time at all), kEOPNOTSUPP (a limit
  // that cannot be kept here).
  virtual Operation<absl::StatusOr<std::unique_ptr<Child>>> Start(
      const ProgramRequest& request) = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_PROGRAMS_H_
