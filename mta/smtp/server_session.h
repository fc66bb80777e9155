// The server side of one SMTP connection (RFC 5321), from greeting to close, with sendmail's
// replies.
//
// A session reads commands, asks Acceptance about addresses, streams the message into the Queue and
// says 250 only after Commit() has made it durable. It holds no more than one input buffer, the
// header of the message under way (MaxHeadersLength) and its recipients (kMaxRecipientsPerMessage).
//
// A stop request ends an idle session at once with 421; one that is inside DATA gets
// kShutdownGrace.
#ifndef STAGEPOST_MTA_SMTP_SERVER_SESSION_H_
#define STAGEPOST_MTA_SMTP_SERVER_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "mta/env/network.h"
#include "mta/queue/queue.h"
#include "mta/smtp/acceptance.h"
#include "mta/smtp/timeouts.h"

namespace stagepost {

// Accepted recipients of one message; sendmail's MaxRecipientsPerMessage is unlimited by default,
// but what a session may hold is not. RFC 5321 minimum: 100.
inline constexpr size_t kMaxRecipientsPerMessage = 10'000;
// Unknown or misplaced commands a client may send; the next one closes the connection (sendmail).
inline constexpr int kMaxBadCommands = 25;

struct SessionSettings {
  std::string host_name;             // $j: greeting, Received, Message-Id
  std::string version;               // $v
  std::string daemon_name = "MTA";   // daemon= in log lines
  int64_t max_message_bytes = 0;     // MaxMessageSize; 0: no limit
  size_t max_header_bytes = 32'768;  // MaxHeadersLength
  int max_hops = 25;                 // MaxHopCount: Received fields, ours included
  SmtpTimeouts timeouts;
};

// Told of every accepted message, after the commit and before the 250: starts its delivery.
class AcceptedMessages {
 public:
  virtual ~AcceptedMessages() = default;
  virtual void OnAccepted(const std::string& id) = 0;
};

// What a session works with; everything outlives it.
struct SessionContext {
  Environment& env;
  const SessionSettings& settings;
  Acceptance& acceptance;
  Queue& queue;
  AcceptedMessages& accepted;
};

// Serves `connection` to its end. `number` tells sessions of a process apart in the trace. OK also
// when the peer went away or was thrown out; an error is one of reading or writing the connection
// that has no SMTP meaning, and concerns this session only.
Task<absl::Status> RunServerSession(SessionContext context, std::unique_ptr<Connection> connection,
                                    int64_t number);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_SERVER_SESSION_H_
