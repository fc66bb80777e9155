// Plays the SMTP dialogue of a scenario's step, from a simulated client.
//
// A connection that ends where a reply is expected gives one of three stand-ins for the reply,
// which patterns may name: "(closed)", "(reset)", "(timeout)". Once one of them was expected and
// came, the dialogue is over, and well.
#ifndef STAGEPOST_SIM_SCENARIO_DIALOGUE_H_
#define STAGEPOST_SIM_SCENARIO_DIALOGUE_H_

#include <optional>
#include <string>
#include <vector>

#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "mta/env/network.h"
#include "sim/scenario/pattern_cache.h"
#include "sim/scenario/scenario.pb.h"

namespace stagepost {

struct DialogueFailure {
  int turn = -1;  // -1: the connection or the greeting
  std::string what;
};

// What came of a dialogue; filled in while it is played.
struct DialogueResult {
  bool done = false;
  std::vector<DialogueFailure> failures;
  // The address and port that the client had.
  std::string client;
  // Every reply, in order; lines joined by \n.
  std::vector<std::string> replies;
};

struct DialogueRoute {
  std::optional<IpAddress> from;  // nullopt: any
  SocketAddress to;
};

// Ends with exit code 0, whatever came of it. `smtp`, `patterns` and `result` outlive it.
Task<int> PlayDialogue(Environment& env, const scenario::Smtp& smtp, DialogueRoute route,
                       PatternCache& patterns, DialogueResult& result);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_DIALOGUE_H_
