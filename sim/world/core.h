// What every part of a simulated world shares: the loop, the choices, the trace, and the time.
#ifndef STAGEPOST_SIM_WORLD_CORE_H_
#define STAGEPOST_SIM_WORLD_CORE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "mta/async/loop.h"
#include "mta/base/time.h"
#include "mta/env/trace.h"
#include "sim/choice/choices.h"
#include "sim/trace/trace.h"
#include "sim/world/dns_zones.h"

namespace stagepost {

// Owned by the World; outlives everything in it. Virtual time starts at 0 and is the loop's.
struct WorldCore {
  WorldCore(Choices& choices_in, TraceLog& trace_in, absl::Time start_in)
      : choices(choices_in), trace(trace_in), start(start_in) {}

  Loop loop;
  Choices& choices;
  TraceLog& trace;
  // True wall time at virtual time 0; the clock of a host may differ from it.
  const absl::Time start;

  // Called between two tasks, as soon as the one now running has suspended; what happens to a
  // process from outside happens here, never while it runs.
  std::vector<absl::AnyInvocable<void()>> soon;

  // What name servers answer, and whether hosts remember it for as long as its TTL says.
  DnsZones dns;
  bool dns_cache = true;

  // Whether programs tell which rules they applied.
  bool trace_rules = false;

  // Whether Buggify() sites may fire, and the sites so far that were reached, or fired.
  bool buggify = false;
  std::map<std::string, bool, std::less<>> buggify_sites;  // met so far: whether it is switched on
  std::set<std::string, std::less<>> reached;

  absl::Time TrueTime() const { return start + absl::Nanoseconds(loop.now().nanoseconds()); }

  // Records an event of process `pid` (0: the host itself) on host number `host`.
  void Record(uint32_t host, uint32_t pid, const Event& event) {
    trace.Record(loop.now().nanoseconds(), host, static_cast<int32_t>(pid), event);
  }
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_CORE_H_
