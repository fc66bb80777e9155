// The syntax of a scenario: text format into messages, and one good error instead of protobuf's.
//
// The loader's first half; everybody else uses loader.h.
#ifndef STAGEPOST_SIM_SCENARIO_SCENARIO_TEXT_H_
#define STAGEPOST_SIM_SCENARIO_SCENARIO_TEXT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/text_format.h"
#include "sim/scenario/scenario.pb.h"

namespace stagepost {

// What is wrong with a scenario file, and where. One line of printable text each.
struct ScenarioError {
  int line = 0;  // both from 0
  int column = 0;
  std::string field;  // empty: no field is to blame
  std::string what;
};

// Fills in `scenario` and `places`, where each field stands in the text; nullopt if all is well.
std::optional<ScenarioError> ParseScenarioText(absl::string_view text, scenario::Scenario& scenario,
                                               google::protobuf::TextFormat::ParseInfoTree& places);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_SCENARIO_TEXT_H_
