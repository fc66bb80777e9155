// The scenarios of this repository, for tests: found, loaded, with their configurations made.
#ifndef STAGEPOST_SIM_TESTING_SCENARIO_FILES_H_
#define STAGEPOST_SIM_TESTING_SCENARIO_FILES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "sim/scenario/loader.h"

namespace stagepost {

// All of scenarios/, sorted; the tests have //scenarios:all as data.
std::vector<std::string> AllScenarios();

// With //scenarios:configurations and the m4 library as data. What is wrong fails a CHECK.
LoadedScenario LoadScenarioOrDie(const std::string& file);

// How many of `seeds` a test should run it with: attacks take thousands of times longer than a
// message does.
uint64_t SeedsFor(const LoadedScenario& scenario, uint64_t seeds);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_TESTING_SCENARIO_FILES_H_
