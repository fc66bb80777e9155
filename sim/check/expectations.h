// Whether an expectation of a scenario holds in a world, now.
#ifndef STAGEPOST_SIM_CHECK_EXPECTATIONS_H_
#define STAGEPOST_SIM_CHECK_EXPECTATIONS_H_

#include <optional>
#include <string>

#include "sim/check/sink_records.h"
#include "sim/scenario/pattern_cache.h"
#include "sim/scenario/scenario.pb.h"
#include "sim/world/world.h"

namespace stagepost {

// nullopt if it holds; else what was expected and what was seen, in one line. Looking changes
// nothing. `records` has watched the world from the beginning. REQUIRES: the loader has accepted
// the expectation.
std::optional<std::string> CheckExpectation(const scenario::Expect& expect, World& world,
                                            const SinkRecords& records, PatternCache& patterns);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_CHECK_EXPECTATIONS_H_
