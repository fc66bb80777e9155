// Commands of a scenario: run on a simulated host as one of its users.
#ifndef STAGEPOST_SIM_SCENARIO_COMMAND_H_
#define STAGEPOST_SIM_SCENARIO_COMMAND_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "mta/env/programs.h"
#include "sim/world/world.h"

namespace stagepost {

// One command and what became of it. Stays where it is until the program has ended.
struct ScenarioCommand {
  std::string output, error;
  std::optional<ExitStatus> exit;

  // 128 + the signal if it was killed by one. REQUIRES: it has ended.
  int exit_code() const;
};

// Starts `line`, whose first word is looked up in the usual directories. An error: it cannot be
// started. REQUIRES: checked by the loader.
absl::Status StartCommand(SimHost& host, const std::string& line, const std::string& user,
                          const std::string& input, ScenarioCommand& command);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_COMMAND_H_
