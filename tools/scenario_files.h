// Reads scenarios with all that belongs to them: the file, and the configurations that it names.
#ifndef STAGEPOST_TOOLS_SCENARIO_FILES_H_
#define STAGEPOST_TOOLS_SCENARIO_FILES_H_

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "sim/scenario/loader.h"

namespace stagepost {

inline constexpr size_t kMaxConfigurationBytes = 16 << 20;

// Where the m4 library of sendmail-cf is looked for: $STAGEPOST_M4_LIBRARY if that is set, else
// where the Debian package puts it, else where tools/setup.sh unpacks it in this repository.
class ScenarioFiles {
 public:
  // kInvalidArgument, kNotFound: what is wrong, with FILE:LINE. `text`, if not null, becomes that
  // of the scenario.
  absl::StatusOr<LoadedScenario> Load(const std::string& file, std::string* text = nullptr);
  // The library's files, by relative names; the same object every time.
  absl::StatusOr<const std::map<std::string, std::string>*> Library();

 private:
  std::optional<std::map<std::string, std::string>> library_;
};

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_SCENARIO_FILES_H_
