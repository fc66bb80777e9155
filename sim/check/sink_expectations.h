// Expectations of what has reached the sinks. Only for expectations.cc.
#ifndef STAGEPOST_SIM_CHECK_SINK_EXPECTATIONS_H_
#define STAGEPOST_SIM_CHECK_SINK_EXPECTATIONS_H_

#include <optional>
#include <string>

#include "sim/check/sink_records.h"
#include "sim/scenario/pattern_cache.h"
#include "sim/scenario/scenario.pb.h"
#include "sim/world/world.h"

namespace stagepost {

// nullopt if it holds; else what was expected and what was seen.
std::optional<std::string> CheckSinkMail(const scenario::Expect::SinkMail& expect, SimHost& host,
                                         PatternCache& patterns);
std::optional<std::string> CheckHeard(const scenario::Expect::Heard& expect,
                                      const SinkRecords& records, PatternCache& patterns);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_CHECK_SINK_EXPECTATIONS_H_
