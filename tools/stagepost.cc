// The stagepost command; see stagepost_command.h and docs/stagepost.md.

#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "mta/m4/m4_main.h"
#include "mta/posix/run_program.h"
#include "sim/scenario/runner.h"
#include "tools/audit/stagepost_audit.h"
#include "tools/stagepost_command.h"
#include "tools/stagepost_lint.h"
#include "tools/stagepost_map.h"

int main(int argc, char** argv) {
  // Programs of the MTA are functions of an Environment; here it is that of this machine.
  if (argc > 1 && std::string(argv[1]) == "m4") {
    return stagepost::RunProgram(&stagepost::M4Main, argc - 1, argv + 1);
  }
  if (argc > 1 && std::string(argv[1]) == "lint") {
    return stagepost::RunProgram(&stagepost::LintMain, argc - 1, argv + 1);
  }
  if (argc > 1 && std::string(argv[1]) == "map") {
    return stagepost::RunProgram(&stagepost::MapMain, argc - 1, argv + 1);
  }
  std::ios::sync_with_stdio(false);
  if (argc > 1 && std::string(argv[1]) == "audit") {
    return stagepost::RunAuditCommand({argv + 1, argv + argc}, stagepost::MachineSources(std::cerr),
                                      std::cout, std::cerr);
  }
  const stagepost::StagepostContext context = {
      std::cout, std::cerr, &stagepost::RunScenario,
      [] { return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()); },
      &std::cin};
  return stagepost::RunStagepost({argv, argv + argc}, context);
}
