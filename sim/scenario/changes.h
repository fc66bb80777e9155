// Change steps: what is done to hosts, to name servers and to the network, from outside.
#ifndef STAGEPOST_SIM_SCENARIO_CHANGES_H_
#define STAGEPOST_SIM_SCENARIO_CHANGES_H_

#include "absl/status/status.h"
#include "sim/scenario/scenario.pb.h"
#include "sim/world/world.h"

namespace stagepost {

// Makes the change, which the loader has checked; an error says why that cannot be.
absl::Status ApplyChange(const scenario::Change& change, World& world);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_CHANGES_H_
