// Runs one scenario in the simulator, from beginning to end, in virtual time.
//
//   absl::StatusOr<LoadedScenario> scenario =
//   LoadScenarioFile("scenarios/first/delivered.textproto"); absl::StatusOr<RunResult> result =
//   RunScenario(*scenario, {.seed = 7}); if (result.ok() && result->held()) ...
//
// The same scenario with the same seed, or the same choice log, gives the same result and hash.
// Nothing is shared between runs; a scenario is not changed by being run.
#ifndef STAGEPOST_SIM_SCENARIO_RUNNER_H_
#define STAGEPOST_SIM_SCENARIO_RUNNER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "sim/scenario/loader.h"
#include "sim/trace/hash128.h"
#include "sim/trace/trace.h"

namespace stagepost {

struct RunOptions {
  uint64_t seed = 1;
  // Replays these choices (see sim/choice/choices.h) instead of drawing them from the seed.
  std::optional<std::string> choice_log = std::nullopt;
  // What RunResult::trace_text shows.
  TraceLog::Keep keep_trace = TraceLog::Keep::kNothing;
  // Draws faults on top of the scenario's own (sim/scenario/swarm.h), and lets Buggify() sites
  // fire. Steps and expectations that fail then say nothing; what counts are the invariants, and
  // that everything comes to an end once the faults are over.
  bool faults = false;
  // Plants a defect that any search for faults must find: simulated disks leave out the sync of the
  // queue directory. Nothing outside the simulator knows of it.
  bool canary = false;
};

// An expectation or an invariant that did not hold; or what else there is to say of a line.
struct Failure {
  std::string where;  // FILE:LINE
  std::string what;   // one line: what was expected, and what was seen
};

struct RunResult {
  std::vector<Failure> failures;
  // What steps have to tell, held or not: the report of an attack.
  std::vector<Failure> remarks;
  // Steps and expectations that this driver cannot honour, each with its reason.
  std::vector<std::string> skipped;
  absl::Duration virtual_time;
  Hash128 hash;
  uint64_t events = 0;
  // Copies of messages beyond the first, which crashes or lost replies have forced.
  int duplicates = 0;
  std::string choice_log;
  std::string trace_text;  // empty when nothing was kept
  // The Reached() sites that were, and the Buggify() sites that fired; sorted.
  std::vector<std::string> probes;

  bool held() const { return failures.empty(); }
};

// An error Status: the scenario cannot be run at all. kInvalidArgument: the choice log is damaged,
// or the disk of a host cannot be made. The message begins with FILE:LINE where a line is to blame.
// REQUIRES: MakeConfigurations() if the scenario names configuration files.
absl::StatusOr<RunResult> RunScenario(const LoadedScenario& scenario, const RunOptions& options);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_RUNNER_H_
