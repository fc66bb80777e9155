// For tests of what is built on scenarios: a world built from the text of a scenario.
#ifndef STAGEPOST_SIM_SCENARIO_SCENARIO_TEST_UTIL_H_
#define STAGEPOST_SIM_SCENARIO_SCENARIO_TEST_UTIL_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "mta/base/check.h"
#include "sim/choice/choices.h"
#include "sim/scenario/host_builder.h"
#include "sim/scenario/loader.h"
#include "sim/trace/trace.h"
#include "sim/world/world.h"

namespace stagepost {

// The hosts are built, nothing runs.
class ScenarioWorld {
 public:
  // `hosts`: host { … } blocks; `rest`: steps and expectations.
  explicit ScenarioWorld(absl::string_view hosts, absl::string_view rest = "", uint64_t seed = 1)
      : loaded(Load(hosts, rest)),
        choices(Choices::FromSeed(seed)),
        world(choices, trace, absl::FromUnixSeconds(1'800'000'000)) {
    for (const scenario::Host& host : loaded.scenario.world().host()) {
      const absl::StatusOr<SimHost*> built = BuildHost(host, "", world);
      CHECK(built.ok()) << built.status().message();
    }
  }

  static LoadedScenario Load(absl::string_view hosts, absl::string_view rest) {
    auto result = LoadScenario(
        "test", absl::StrCat("name: \"test\" summary: \"A test.\" world { ", hosts, " } ", rest));
    CHECK(result.ok()) << result.status().message();
    return *std::move(result);
  }

  SimHost& host(absl::string_view name) {
    SimHost* found = world.FindHost(name);
    CHECK(found != nullptr) << name;
    return *found;
  }
  // A process of that program file, which does nothing.
  SimProcess& Pretend(absl::string_view host_name, std::string path) {
    ProcessSpec spec;
    spec.path = std::move(path);
    return host(host_name).Spawn(std::move(spec), nullptr);
  }
  void Record(absl::string_view host_name, EventKind kind, absl::string_view subject,
              absl::string_view detail = "", int64_t number = 0, int64_t number2 = 0) {
    world.core().Record(host(host_name).index(), 1, {kind, subject, detail, number, number2});
  }

  LoadedScenario loaded;
  Choices choices;
  TraceLog trace;
  World world;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_SCENARIO_TEST_UTIL_H_
