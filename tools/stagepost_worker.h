// A worker of a campaign: `stagepost campaign-worker POISON FLAGS FILE...`, for the campaign only.
//
// Loads the scenarios, fills fresh coroutine frames with the byte POISON (decimal), and answers
// lines on standard input:
//
//   run INDEX SEED      "probe NAME" for each probe not told before, then "result LINE"
//                       (sim/campaign/seed_result.h), or "error TEXT"
//   trace INDEX SEED    "trace LINE" for each line of the full trace, then "end"
//
// It first says "ready" or "error TEXT". FLAGS: letters, "f" for --faults, "c" for --canary, or
// "-".
#ifndef STAGEPOST_TOOLS_STAGEPOST_WORKER_H_
#define STAGEPOST_TOOLS_STAGEPOST_WORKER_H_

#include <istream>
#include <string>
#include <vector>

#include "tools/stagepost_command.h"

namespace stagepost {

inline constexpr char kWorkerCommand[] = "campaign-worker";

// `words` are those after "campaign-worker". Ends with the input.
int RunWorker(const std::vector<std::string>& words, const StagepostContext& context);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_STAGEPOST_WORKER_H_
