// PrivateRoot: the private world of a rehearsal, below one directory.
//
// When STAGEPOST_ROOT names a directory, every absolute path that the program uses (files, working
// directory, programs to start) is taken below it, so that an unprivileged user can run a whole
// mail system there; the variable is handed on to the programs it starts. The system log and the
// accounts come from files below it too (system_log.h, accounts.h).
//
// It is a convenience, not a security boundary: "..", symbolic links made by others and what the
// started programs do by themselves lead out of it. A set-uid or set-gid program ignores the
// variable.
#ifndef STAGEPOST_MTA_POSIX_PRIVATE_ROOT_H_
#define STAGEPOST_MTA_POSIX_PRIVATE_ROOT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace stagepost {

inline constexpr absl::string_view kPrivateRootVariable = "STAGEPOST_ROOT";

class PrivateRoot {
 public:
  // `directory` is absolute; empty: no private world, paths are what they are. Symbolic links in it
  // are resolved once, here, since the kernel's answers (getcwd) are without them.
  explicit PrivateRoot(absl::string_view directory = "");

  bool active() const { return !directory_.empty(); }
  const std::string& directory() const { return directory_; }

  // The machine's path for a path of the program. kEINVAL (in the name of `call`): it contains a
  // NUL, which the kernel would take for its end.
  absl::StatusOr<std::string> ToMachine(absl::string_view call, absl::string_view path) const;
  // The same for a path that is known to be free of NULs.
  std::string ToMachine(absl::string_view path) const;

  // The program's path for a path of the machine; one outside of the private world stays as it is.
  std::string FromMachine(absl::string_view path) const;

 private:
  std::string directory_;  // resolved, without a final slash
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_PRIVATE_ROOT_H_
