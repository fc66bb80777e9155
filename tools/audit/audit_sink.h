// The rest of the Internet, as a mail host: takes everything, and remembers for whom it was.
#ifndef STAGEPOST_TOOLS_AUDIT_AUDIT_SINK_H_
#define STAGEPOST_TOOLS_AUDIT_AUDIT_SINK_H_

#include <string>
#include <vector>

#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

struct AuditSink {
  // Recipients, in brackets, of messages that were taken, in order.
  std::vector<std::string> recipients;
  int messages = 0;
};

// Serves port 25 of all addresses of its host until it is killed. `sink` outlives it.
Task<int> ServeAuditSink(Environment& env, AuditSink& sink);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_AUDIT_SINK_H_
