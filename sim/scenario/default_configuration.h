// The sendmail.cf of simulated hosts for which nobody names one: default.cf beside this file.
#ifndef STAGEPOST_SIM_SCENARIO_DEFAULT_CONFIGURATION_H_
#define STAGEPOST_SIM_SCENARIO_DEFAULT_CONFIGURATION_H_

#include "absl/strings/string_view.h"

namespace stagepost {

absl::string_view DefaultConfiguration();

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_DEFAULT_CONFIGURATION_H_
