// The faults of a scenario: armed by its steps, sprung by their triggers, healed at the end.
#ifndef STAGEPOST_SIM_SCENARIO_FAULTS_H_
#define STAGEPOST_SIM_SCENARIO_FAULTS_H_

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/scenario/network_phases.h"
#include "sim/scenario/pattern_cache.h"
#include "sim/scenario/scenario.pb.h"
#include "sim/trace/trace.h"
#include "sim/world/world.h"

namespace stagepost {

class FaultPlan final : public TraceObserver {
 public:
  // Called when a host has been started again, or its MTA shall be.
  using RestartMta = std::function<void(SimHost&)>;

  // All outlive this. Watches the world's trace.
  FaultPlan(World& world, PatternCache& patterns, RestartMta restart_mta);
  ~FaultPlan() override;

  // `fault` outlives this. One without a trigger strikes at once. REQUIRES: no task is running.
  void Arm(const scenario::Fault& fault);

  void OnEvent(const TraceEvent& event) override;

  // Disarms what has not struck, ends what has no end of its own. Hosts that are to start again
  // still will; those that are not stay down.
  void Heal();
  // Hosts or MTAs that are down and will be started again.
  bool restarts_pending() const { return restarts_pending_ > 0; }

 private:
  // The file faults of one host, asked for every call while there are any.
  class HostFiles;
  struct Armed {
    const scenario::Fault* fault;
    std::set<uint32_t> hosts;
    uint32_t calls = 0;  // so far, of those that on_file_call counts
  };

  // The path of a file call, as a scenario names it.
  std::string AbsolutePath(const TraceEvent& event, absl::string_view path);
  bool Triggers(Armed& armed, const TraceEvent& event, const NetworkPhases::Begun& begun);
  // Whether `host` must not go on to this call: a crash comes before it, or is due already.
  bool StopsBefore(SimHost& host, FileCall call, absl::string_view path);
  void Trip(const scenario::Fault& fault);    // between two tasks: now, or after the drawn delay
  void Strike(const scenario::Fault& fault);  // between two tasks
  void StrikeHost(const scenario::Fault& fault, SimHost& host);
  void Partition(const scenario::Partition& partition);
  void Forget(const scenario::Forget& forget);
  void Reset(const scenario::Reset& reset);
  void DnsOutage(const scenario::DnsOutage& outage);
  void RestartAfter(const std::string& after, SimHost& host, bool boot);
  // Runs `end` after the duration, or at Heal().
  void EndLater(bool has_duration, const std::string& duration, std::function<void()> end);
  HostFiles& FilesOf(SimHost& host);

  World& world_;
  PatternCache& patterns_;
  RestartMta restart_mta_;
  NetworkPhases network_;
  bool watches_network_ = false;
  std::vector<Armed> armed_;
  std::map<uint64_t, DnsFault> outages_;  // the last one counts
  std::set<uint32_t> doomed_;             // hosts whose crash is due between this task and the next
  std::map<uint32_t, std::unique_ptr<HostFiles>> files_;
  std::map<uint64_t, std::function<void()>> ends_;
  uint64_t next_end_ = 0;
  int restarts_pending_ = 0;
  bool healed_ = false;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_FAULTS_H_
