// What a server session works with, and whom it tells of what it has taken.
//
// Filled in by whoever accepts connections, or by sendmail -bs for its standard input and output.
#ifndef STAGEPOST_MTA_SMTP_SESSION_CONTEXT_H_
#define STAGEPOST_MTA_SMTP_SESSION_CONTEXT_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/cf/port_options.h"
#include "mta/env/environment.h"
#include "mta/policy/connection_counters.h"
#include "mta/queue/queue.h"
#include "mta/site/site.h"

namespace stagepost {

// Given every accepted message, after its commit and before its 250: starts its delivery.
class AcceptedMessages {
 public:
  virtual ~AcceptedMessages() = default;
  // `mode` is the letter of DeliveryMode that the message goes by: b, its delivery is started and
  // the call returns; i, the call returns when it was tried; q or d, it waits for a queue run.
  // `message` is locked as it was handed over, and its lock is let go when nobody works on it.
  virtual Task<void> OnAccepted(std::unique_ptr<QueuedMessage> message, char mode) = 0;
};

// What a session asks the process around it.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  // ETRN (RFC 1985): starts a queue run for `node`: a host, "@domain" or "#queue group", which has
  // been checked to exist. False: it could not be started.
  virtual Task<bool> StartQueueRun(std::string node) = 0;
};

// Everything that is referred to outlives the session.
struct SessionContext {
  Environment& env;
  std::shared_ptr<Site> site;
  const PortOptions& port;  // of the daemon's port that the client came to
  Queue& queue;
  AcceptedMessages& accepted;
  SessionHost& host;
  // Where the connection is counted; null: it is not (-bs).
  ConnectionCounters* counters = nullptr;
  char delivery_mode = 'b';  // of the port, else of the option DeliveryMode
  // -v of the command line (-bs).
  bool verbose = false;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_SESSION_CONTEXT_H_
