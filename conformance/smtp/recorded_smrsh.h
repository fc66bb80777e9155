// The restricted shell of the recordings' world, where no program is released for it.
#ifndef STAGEPOST_CONFORMANCE_SMTP_RECORDED_SMRSH_H_
#define STAGEPOST_CONFORMANCE_SMTP_RECORDED_SMRSH_H_

#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

// smrsh -c COMMAND: "exit N" is built in, everything else is not available (69).
Task<int> RecordedSmrshMain(Environment& env, Arguments arguments);

}  // namespace stagepost

#endif  // STAGEPOST_CONFORMANCE_SMTP_RECORDED_SMRSH_H_
