// What the tests of the simulated world share: a world of two hosts, and small programs.
#ifndef STAGEPOST_SIM_WORLD_WORLD_TEST_UTIL_H_
#define STAGEPOST_SIM_WORLD_WORLD_TEST_UTIL_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/base/check.h"
#include "mta/env/environment.h"
#include "mta/env/network.h"
#include "sim/choice/choices.h"
#include "sim/trace/trace.h"
#include "sim/world/world.h"

namespace stagepost {

inline IpAddress Ip(absl::string_view text) {
  const std::optional<IpAddress> address = IpAddress::Parse(text);
  CHECK(address.has_value()) << text;
  return *address;
}

// A process that a test has started.
struct TestProgram {
  uint32_t pid = 0;
  std::optional<ExitStatus> exit;  // once it has ended
};

// Hosts "a" (192.0.2.1, 2001:db8::1) and "b" (192.0.2.2, 2001:db8::2).
class TestWorld {
 public:
  explicit TestWorld(uint64_t seed = 1, TraceLog::Keep keep = TraceLog::Keep::kNothing)
      : TestWorld(Choices::FromSeed(seed), keep) {}
  explicit TestWorld(Choices choices_in, TraceLog::Keep keep = TraceLog::Keep::kNothing)
      : choices(std::move(choices_in)),
        trace(keep),
        world(choices, trace, absl::FromUnixSeconds(1'800'000'000)),
        a(AddHost("a", "192.0.2.1", "2001:db8::1")),
        b(AddHost("b", "192.0.2.2", "2001:db8::2")) {}

  SimHost& AddHost(const std::string& name, absl::string_view v4, absl::string_view v6) {
    HostSpec spec;
    spec.name = name;
    spec.addresses = {Ip(v4), Ip(v6)};
    return world.AddHost(std::move(spec));
  }

  // Starts f(environment, args...) as root on `host`.
  template <class F, class... Args>
  TestProgram& Run(SimHost& host, F f, Args... args) {
    return RunAs(Credentials(), host, std::move(f), std::move(args)...);
  }
  template <class F, class... Args>
  TestProgram& RunAs(Credentials who, SimHost& host, F f, Args... args) {
    TestProgram& program = programs.emplace_back();
    ProcessSpec spec;
    spec.path = "test";
    spec.arguments = {"test"};
    spec.credentials = std::move(who);
    SimProcess& process = host.Spawn(
        std::move(spec), [&program](const ExitStatus& status) { program.exit = status; });
    program.pid = process.pid();
    process.StartTask(std::move(f), std::ref(process.environment()), std::move(args)...);
    return program;
  }

  void Kill(SimHost& host, const TestProgram& program, Signal signal = Signal::kKill) {
    if (SimProcess* process = host.FindProcess(program.pid)) process->Deliver(signal);
  }

  // Runs until `program` has ended; false if it has not after `limit`.
  bool RunToEnd(const TestProgram& program, absl::Duration limit = absl::Hours(1)) {
    return world.RunUntil([&] { return program.exit.has_value(); }, world.now() + limit);
  }
  void RunFor(absl::Duration duration) {
    world.RunUntil([] { return false; }, world.now() + duration);
  }
  absl::Duration elapsed() { return world.now() - MonotonicTime(); }

  Choices choices;
  TraceLog trace;
  std::deque<TestProgram> programs;  // addresses stay
  World world;
  SimHost& a;
  SimHost& b;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_WORLD_TEST_UTIL_H_
