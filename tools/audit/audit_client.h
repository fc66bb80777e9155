// A party of an audit, as an SMTP client: tries its envelopes one after the other.
#ifndef STAGEPOST_TOOLS_AUDIT_AUDIT_CLIENT_H_
#define STAGEPOST_TOOLS_AUDIT_AUDIT_CLIENT_H_

#include <functional>
#include <vector>

#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "tools/audit/audit_plan.h"
#include "tools/audit/audit_run.h"
#include "tools/audit/audit_watcher.h"

namespace stagepost {

struct ClientErrand {
  const Party& party;
  const std::vector<AuditEnvelope>& envelopes;
  SocketAddress to;
  AuditWatcher& watcher;
  const DecisionReader& decisions;
  // One for each envelope, filled in; party, envelope and port are set.
  std::vector<ProbeResult*> results;
  bool done = false;
};

// Ends with exit code 0, whatever comes of it. `errand` outlives it.
Task<int> RunAuditClient(Environment& env, ClientErrand& errand);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_AUDIT_CLIENT_H_
