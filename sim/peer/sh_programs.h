// How the simulated shell runs a program of its host.
#ifndef STAGEPOST_SIM_PEER_SH_PROGRAMS_H_
#define STAGEPOST_SIM_PEER_SH_PROGRAMS_H_

#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "sim/peer/sh_streams.h"

namespace stagepost {

// Runs arguments[0] with `streams` and waits for its end; the status as a shell has it. Messages go
// to streams.error, beginning with `where`.
Task<int> RunShProgram(Environment& env, const ShStreams& streams, const Arguments& arguments,
                       const std::string& where);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_PEER_SH_PROGRAMS_H_
