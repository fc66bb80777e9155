// The command line of `stagepost replay`.
#ifndef STAGEPOST_TOOLS_STAGEPOST_OPTIONS_H_
#define STAGEPOST_TOOLS_STAGEPOST_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sim/trace/trace.h"

namespace stagepost {

struct ReplayOptions {
  uint64_t first_seed = 1;
  uint64_t last_seed = 1;    // inclusive
  bool many_seeds = false;   // --seeds was given
  std::string choices_file;  // empty: none
  std::string record_file;   // empty: none
  TraceLog::Keep trace = TraceLog::Keep::kNothing;
  bool faults = false;  // RunOptions::faults
  bool canary = false;  // RunOptions::canary
  bool json = false;
  bool help = false;
  std::vector<std::string> arguments;  // FILE, DIR, DIR/...; at least one unless help
};

// The longest range of seeds.
inline constexpr uint64_t kMaxSeeds = 100'000'000;

// `words` are those after "replay". kInvalidArgument: one line, for a user.
absl::StatusOr<ReplayOptions> ParseReplayOptions(const std::vector<std::string>& words);

absl::string_view ReplayHelp();

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_STAGEPOST_OPTIONS_H_
