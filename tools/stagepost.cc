// The stagepost command; see stagepost_command.h and docs/stagepost.md.

#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "sim/scenario/runner.h"
#include "tools/stagepost_command.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const stagepost::StagepostContext context = {
      std::cout, std::cerr, &stagepost::RunScenario,
      [] { return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch()); },
      &std::cin};
  return stagepost::RunStagepost({argv, argv + argc}, context);
}
