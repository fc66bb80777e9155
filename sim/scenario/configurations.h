// The sendmail.cf of each host of a scenario: what it names, what m4 makes of the .mc it names, or
// the default one.
//
//   absl::Status made = MakeConfigurations(loaded, sources);   // once; then run it with many seeds
//
// m4 is ours, run on a simulated host of its own with the scenario's files, so that the result is
// the same on every machine that has the same library.
#ifndef STAGEPOST_SIM_SCENARIO_CONFIGURATIONS_H_
#define STAGEPOST_SIM_SCENARIO_CONFIGURATIONS_H_

#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sim/scenario/loader.h"

namespace stagepost {

// What the machine has to offer. Called only when a scenario names such files.
struct ConfigurationSources {
  // The text of a file that a scenario names. `path` is the name as written if that is absolute, or
  // else below the scenario's own folder.
  std::function<absl::StatusOr<std::string>(const std::string& path)> read;
  // The m4 library of sendmail-cf: "m4/cf.m4", "feature/access_db.m4", … with their texts. The same
  // object every time.
  std::function<absl::StatusOr<const std::map<std::string, std::string>*>()> library;
};

// Fills in loaded.configurations. kInvalidArgument, kNotFound: "FILE:LINE: field "mc_file": why",
// the line being that of the host; what m4 said follows on further lines.
absl::Status MakeConfigurations(LoadedScenario& loaded, const ConfigurationSources& sources);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_CONFIGURATIONS_H_
