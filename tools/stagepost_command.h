// The stagepost command, with everything that it touches handed in.
#ifndef STAGEPOST_TOOLS_STAGEPOST_COMMAND_H_
#define STAGEPOST_TOOLS_STAGEPOST_COMMAND_H_

#include <functional>
#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sim/scenario/loader.h"
#include "sim/scenario/runner.h"

namespace stagepost {

struct StagepostContext {
  std::ostream& out;
  std::ostream& err;
  // RunScenario; tests have another one.
  std::function<absl::StatusOr<RunResult>(const LoadedScenario&, const RunOptions&)> run;
  // Real time since anywhen; only for speeds and progress.
  std::function<absl::Duration()> now;
  // Read by the workers of a campaign only; null: empty.
  std::istream* in = nullptr;
};

// `words`: argv, with the program's name, as which replay commands are shown. Gives the exit
// status; see ReplayHelp().
int RunStagepost(const std::vector<std::string>& words, const StagepostContext& context);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_STAGEPOST_COMMAND_H_
