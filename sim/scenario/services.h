// What the hosts of a scenario serve: its sinks and MTAs, started, stopped and started again.
#ifndef STAGEPOST_SIM_SCENARIO_SERVICES_H_
#define STAGEPOST_SIM_SCENARIO_SERVICES_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "mta/base/time.h"
#include "sim/scenario/command.h"
#include "sim/scenario/loader.h"
#include "sim/world/world.h"

namespace stagepost {

class Services {
 public:
  // Called with where in the scenario, and what went wrong there.
  using Fail = std::function<void(std::string where, std::string what)>;

  // Both outlive this.
  Services(const LoadedScenario& loaded, World& world, Fail fail)
      : loaded_(loaded), world_(world), fail_(std::move(fail)) {}

  // Builds the hosts, in the order of the scenario. Starts nothing. The error names the host.
  absl::Status Build();

  // REQUIRES: Build() has succeeded.
  SimHost& HostOf(const std::string& name) const { return *hosts_[IndexOf(name)]; }
  const std::vector<SimHost*>& hosts() const { return hosts_; }

  // Runs what MTAs are prepared with, starts what the scenario wants running from the beginning,
  // and waits until it listens, or till `limit`.
  void StartAll(MonotonicTime limit);
  // Starts what the host serves and waits until it listens.
  void Start(const std::string& name, const std::string& where, MonotonicTime limit) {
    Start(IndexOf(name), where, limit);
  }
  // Ends the host's MTA with SIGTERM, and waits.
  void StopMta(const std::string& name, const std::string& where, MonotonicTime limit);
  // Starts what of the host's services does not run, without waiting.
  void Restart(SimHost& host);
  // Starts the MTAs that should run, are dead, and whose host is up; whether there were any.
  bool RestartDeadMtas(MonotonicTime limit);

  // Three queue runs of the slowest MTA; zero if there are none.
  absl::Duration ThreeQueueRuns() const;

 private:
  size_t IndexOf(const std::string& name) const;
  void Prepare(size_t index, MonotonicTime limit);
  void Start(size_t index, const std::string& where, MonotonicTime limit);
  MonotonicTime After(absl::Duration duration, MonotonicTime limit) const;

  const LoadedScenario& loaded_;
  World& world_;
  const Fail fail_;
  std::vector<const scenario::Host*> specs_;
  std::vector<SimHost*> hosts_;
  std::deque<ScenarioCommand> commands_;
  std::deque<std::string> outputs_;  // what daemons write to; stays where it is
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_SERVICES_H_
