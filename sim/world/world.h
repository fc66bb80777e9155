// A simulated world: hosts, the network between them, virtual time, and the scheduler.
//
// One thread runs everything. Step() lets one runnable task of one process run, picked by a
// recorded choice, or, when none is runnable, moves virtual time to the next timer. The same
// choices give the same run, event for event.
#ifndef STAGEPOST_SIM_WORLD_WORLD_H_
#define STAGEPOST_SIM_WORLD_WORLD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/base/time.h"
#include "sim/world/core.h"
#include "sim/world/sim_host.h"
#include "sim/world/sim_network.h"

namespace stagepost {

class World {
 public:
  // Tasks that may run, and timers that may fire, without time moving on, before the world is taken
  // to be spinning.
  static constexpr uint64_t kMaxStepsPerInstant = 1'000'000;

  World(Choices& choices, TraceLog& trace, absl::Time start);
  ~World();

  WorldCore& core() { return core_; }
  SimFabric& fabric() { return fabric_; }

  SimHost& AddHost(HostSpec spec);
  // Null if there is none of that name.
  SimHost* FindHost(absl::string_view name);
  const std::vector<std::unique_ptr<SimHost>>& hosts() const { return hosts_; }

  MonotonicTime now() const { return core_.loop.now(); }

  // Runs one task or moves time on, at most to `limit`; false if nothing is left before `limit`,
  // time then being `limit` unless that is infinite.
  bool Step(MonotonicTime limit);
  // Steps until `done` or until nothing is left before `limit`; whether it is done.
  bool RunUntil(const std::function<bool()>& done, MonotonicTime limit);

  // Calls `action` between two tasks, as soon as the one now running has suspended.
  void Soon(absl::AnyInvocable<void()> action) { core_.soon.push_back(std::move(action)); }
  // Calls `action` after `delay`, between two tasks.
  void After(absl::Duration delay, absl::AnyInvocable<void()> action);

  // True while more than kMaxStepsPerInstant steps have been made at this instant.
  bool spinning() const { return steps_at_instant_ > kMaxStepsPerInstant; }

 private:
  class Action;
  void DrainSoon();

  WorldCore core_;
  SimFabric fabric_;
  std::vector<std::unique_ptr<SimHost>> hosts_;
  Choices::Stream schedule_;
  std::map<uint64_t, std::unique_ptr<Action>> actions_;
  uint64_t next_action_ = 1;
  uint64_t steps_at_instant_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_WORLD_H_
