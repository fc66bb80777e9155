// The meaning of a scenario: everything that its messages must say, and may not.
//
// The loader's second half; everybody else uses loader.h.
#ifndef STAGEPOST_SIM_SCENARIO_VALIDATOR_H_
#define STAGEPOST_SIM_SCENARIO_VALIDATOR_H_

#include <optional>

#include "google/protobuf/text_format.h"
#include "sim/scenario/scenario.pb.h"
#include "sim/scenario/scenario_text.h"

namespace stagepost {

// The first thing that is wrong, if any. `places` are those of ParseScenarioText(). Fills in the
// defaults that depend on other fields: User.uid, gid, home; File.mode.
std::optional<ScenarioError> ValidateScenario(
    scenario::Scenario& scenario, const google::protobuf::TextFormat::ParseInfoTree& places);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_VALIDATOR_H_
