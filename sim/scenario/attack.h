// Attacks of a scenario, by named generators: what they learn, and what they cost.
//
// A dictionary attack asks for one recipient after the other and keeps the names that a server
// takes for its own. It goes on at any price: when it is thrown out it waits and comes again.
#ifndef STAGEPOST_SIM_SCENARIO_ATTACK_H_
#define STAGEPOST_SIM_SCENARIO_ATTACK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "mta/env/network.h"
#include "sim/scenario/scenario.pb.h"

namespace stagepost {

struct AttackResult {
  bool done = false;
  uint32_t tried = 0;        // names that got an answer, whatever it was
  uint32_t learnt = 0;       // of them, those that were taken
  uint32_t connections = 0;  // made, or tried
  uint32_t thrown_out = 0;   // ended by the server
  absl::Duration lasted;     // virtual time
};

struct AttackRoute {
  std::optional<IpAddress> from;  // nullopt: any
  SocketAddress to;
};

// Ends with exit code 0 when all names have been tried, or after the attack's `patience`.
Task<int> RunDictionaryAttack(Environment& env, const scenario::DictionaryAttack& attack,
                              AttackRoute route, AttackResult& result);

// One line for the report; `cost` is the processor time it took the server.
std::string AttackReport(const AttackResult& result, absl::Duration cost);

// What the attack achieved beyond its limits; empty: nothing.
std::vector<std::string> BeyondLimits(const scenario::DictionaryAttack& attack,
                                      const AttackResult& result);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_ATTACK_H_
