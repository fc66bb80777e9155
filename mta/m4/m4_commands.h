// The commands that m4's syscmd and esyscmd run, and its temporary files.
//
// Commands are refused unless the user allows them. Two are not needed for real: those with which
// sendmail's m4 library finds out who builds a configuration, on which host, when and where. Their
// effect is had without a shell, so that a sendmail.mc can be compiled as it stands.
#ifndef STAGEPOST_MTA_M4_M4_COMMANDS_H_
#define STAGEPOST_MTA_M4_M4_COMMANDS_H_

#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

class M4Commands {
 public:
  M4Commands(Environment& env, bool allowed) : env_(env), allowed_(allowed) {}

  // Makes an empty file of mode 0600; at least six X at the end of `pattern` become anything else.
  Task<absl::StatusOr<std::string>> MakeTemporary(std::string pattern);

  struct Result {
    std::string output;
    std::string errors;
    int status = 0;  // as sysval says it: the exit code, or 256 times the signal
  };
  // kPermissionDenied: refused. Other errors: it could not be run.
  Task<absl::StatusOr<Result>> Run(std::string command);

 private:
  Task<absl::StatusOr<Result>> RunShell(std::string command);
  // Nullopt: not one of the two.
  Task<std::optional<absl::Status>> WithoutShell(std::string command);
  Task<absl::Status> WriteBuildInformation(std::string tree, std::string path);
  Task<std::string> LogicalDirectory();

  Environment& env_;
  const bool allowed_;
  std::set<std::string> temporaries_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_M4_M4_COMMANDS_H_
