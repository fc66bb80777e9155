// Scenarios are files of strangers: the loader says what is wrong in one line, and never crashes.

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "mta/base/check.h"
#include "sim/scenario/loader.h"
#include "sim/scenario/values.h"

namespace stagepost {
namespace {

void CheckError(absl::string_view message) {
  CHECK(absl::StartsWith(message, "f:")) << message;
  for (const char c : message) CHECK(c >= 0x20 && c < 0x7f) << message;
}

// What the runner relies on.
void CheckLoaded(const LoadedScenario& loaded) {
  const scenario::Scenario& scenario = loaded.scenario;
  CHECK(ParseScenarioDuration(scenario.time_limit()).ok());
  for (int i = 0; i < scenario.world().host_size(); ++i) {
    CHECK(absl::StartsWith(loaded.WhereHost(i), "f:"));
    CHECK(ParseFixedTimeZone(scenario.world().host(i).time_zone()).ok());
    for (const scenario::File& file : scenario.world().host(i).file()) {
      CHECK(ParseFileMode(file.mode()).ok());
    }
  }
  for (int i = 0; i < scenario.step_size(); ++i) {
    const scenario::Step& step = scenario.step(i);
    CHECK(step.what_case() != scenario::Step::WHAT_NOT_SET);
    CHECK(absl::StartsWith(loaded.WhereStep(i), "f:"));
    if (step.has_run()) CHECK(SplitCommand(step.run().command()).ok());
    for (int j = 0; j < step.smtp().turn_size(); ++j) {
      CHECK(absl::StartsWith(loaded.WhereTurn(i, j), "f:"));
      for (const auto& expect : step.smtp().turn(j).expect()) CHECK(CompilePattern(expect).ok());
    }
  }
  for (int i = 0; i < scenario.expect_size(); ++i) {
    CHECK(absl::StartsWith(loaded.WhereExpect(i), "f:"));
  }
}

}  // namespace
}  // namespace stagepost

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::StatusOr<stagepost::LoadedScenario> loaded =
      stagepost::LoadScenario("f", {reinterpret_cast<const char*>(data), size});
  if (loaded.ok()) {
    stagepost::CheckLoaded(*loaded);
  } else {
    stagepost::CheckError(loaded.status().message());
  }
  return 0;
}
