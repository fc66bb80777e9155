// The process itself: its ids, working directory, standard streams, signals and title.
#ifndef STAGEPOST_MTA_ENV_PROCESS_H_
#define STAGEPOST_MTA_ENV_PROCESS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/operation.h"
#include "mta/env/file_system.h"
#include "mta/env/identity.h"
#include "mta/env/stream.h"

namespace stagepost {

enum class ProcessId : int32_t {};

enum class Signal : uint8_t {
  kHangup = 1,
  kInterrupt = 2,
  kKill = 9,
  kUser1 = 10,
  kUser2 = 12,
  kPipe = 13,
  kAlarm = 14,
  kTerminate = 15,
  kChild = 17,
  kCpuLimit = 24,       // SIGXCPU; ends the process
  kFileSizeLimit = 25,  // SIGXFSZ; ignored, the call says kEFBIG
};

// The arguments of a program; [0] is the name it was called by.
using Arguments = std::vector<std::string>;

struct Credentials {
  UserId real_user = kRootUser, effective_user = kRootUser, saved_user = kRootUser;
  GroupId real_group = kRootGroup, effective_group = kRootGroup, saved_group = kRootGroup;
  std::vector<GroupId> supplementary;

  // What file permissions are checked against.
  Identity effective() const { return {effective_user, effective_group, supplementary}; }
};

class Process {
 public:
  virtual ~Process() = default;

  virtual ProcessId pid() const = 0;
  virtual const Credentials& credentials() const = 0;
  // Becomes `identity` for good: real, effective and saved ids and all groups. kEPERM without
  // privilege. The only change of the process's own identity there is.
  virtual absl::Status BecomePermanently(const Identity& identity) = 0;
  // Sets the umask, gives the old one.
  virtual FileMode SetUmask(FileMode mask) = 0;

  // Under the effective identity; errors carry an Errno.
  virtual Operation<absl::Status> ChangeDirectory(absl::string_view path) = 0;
  virtual std::string working_directory() const = 0;

  virtual std::optional<std::string> EnvironmentVariable(absl::string_view name) const = 0;

  virtual ByteSource& standard_input() = 0;
  virtual ByteSink& standard_output() = 0;
  virtual ByteSink& standard_error() = 0;
  // Whether a person is likely to see it at once.
  virtual bool standard_error_is_terminal() const = 0;

  // The next signal sent to this process, in order of arrival, one of each kind kept while nobody
  // asks. Signals never interrupt anything else. Without a pending NextSignal() call or one made
  // before, kHangup, kInterrupt and kTerminate end the process.
  virtual Operation<absl::StatusOr<Signal>> NextSignal() = 0;

  // What ps(1) shows.
  virtual void SetTitle(absl::string_view title) = 0;

  // Goes on in the background, in a session of its own, with standard streams at /dev/null; whoever
  // started the process sees it exit with 0. kFailedPrecondition: done before.
  virtual absl::Status Daemonise() = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_PROCESS_H_
