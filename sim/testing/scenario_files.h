// The scenarios of this repository, for tests: found, loaded, with their configurations made.
#ifndef STAGEPOST_SIM_TESTING_SCENARIO_FILES_H_
#define STAGEPOST_SIM_TESTING_SCENARIO_FILES_H_

#include <string>
#include <vector>

#include "sim/scenario/loader.h"

namespace stagepost {

// All of scenarios/, sorted; the tests have //scenarios:all as data.
std::vector<std::string> AllScenarios();

// With //scenarios:configurations and the m4 library as data. What is wrong fails a CHECK.
LoadedScenario LoadScenarioOrDie(const std::string& file);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_TESTING_SCENARIO_FILES_H_
