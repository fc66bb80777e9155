// Misfortunes drawn on top of any scenario: for each seed another handful.
//
// Each run draws which kinds of faults it has at all, then of each kind where, when and how long.
// So some runs have nothing but crashes, others everything at once. They strike by virtual time,
// near its beginning rather than late, or just after an SMTP command or a file call of the MTA.
// Every fault ends by itself: what crashed starts again, partitions and errors pass. All draws are
// choices; 0 stands for no fault.
#ifndef STAGEPOST_SIM_SCENARIO_SWARM_H_
#define STAGEPOST_SIM_SCENARIO_SWARM_H_

#include <vector>

#include "sim/choice/choices.h"
#include "sim/scenario/scenario.pb.h"

namespace stagepost {

// For FaultPlan::Arm(). Crashes and file faults are of the hosts with an MTA or a sink.
std::vector<scenario::Fault> DrawSwarm(const scenario::World& world, Choices& choices);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_SWARM_H_
