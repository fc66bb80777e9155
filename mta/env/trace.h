// What a program did, as events. In simulation they make the trace, its hash, and the facts that
// invariants and expectations are checked against; live they feed metrics.
//
// The program reports what only it knows (an envelope was accepted, a recipient delivered); what
// the world can see (bytes, file calls, log lines, program runs) the world records by itself.
#ifndef STAGEPOST_MTA_ENV_TRACE_H_
#define STAGEPOST_MTA_ENV_TRACE_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace stagepost {

// The numbers are part of the trace hash; append only.
enum class EventKind : uint16_t {
  // Reported by the MTA. subject / detail / numbers:
  kSmtpCommand = 1,         // session peer / command line / session number
  kSmtpReply = 2,           // session peer / reply text / code, session number
  kEnvelopeAccepted = 3,    // queue id / sender / recipients, session or 0: durable
  kRecipientAccepted = 4,   // queue id / recipient, one for each of the envelope above
  kRecipientDelivered = 5,  // queue id / recipient
  kRecipientDeferred = 6,   // queue id / recipient: still in the queue
  kRecipientBounced = 7,    // queue id / recipient
  kRecipientDiscarded = 8,  // queue id / recipient
  kEnvelopeDone = 9,        // queue id: its queue files are removed
  kRecipientResolved = 10,  // queue id / "RECIPIENT\nMAILER\nUSER": who gets it, and by what
  kRecipientExpanded = 11,  // queue id / "RECIPIENT\nMEMBER": one of those who get it instead
  kEnvelopeSplit = 12,      // queue id / queue id of a message with a part of the recipients
  // How rulesets came to what they say to a client; only to a trace that wants_rules():
  kRulesetEntered = 13,  // ruleset / its tokens
  kRuleApplied = 14,     // ruleset / the tokens before / line of the configuration
  kRulesetLeft = 15,     // ruleset / its tokens
  kMapAsked = 16,        // map / "KEY" or "KEY\nVALUE" / 1: found, 0: not

  // Recorded by the world.
  kProcessStarted = 100,     // program path / title
  kProcessExited = 101,      // program path / reason / exit code
  kProcessTitle = 102,       // title
  kConnectionOpened = 110,   // from / to
  kConnectionRefused = 111,  // from / to / errno
  kConnectionClosed = 112,   // from / to
  kConnectionReset = 113,    // from / to
  kBytesSent = 114,          // from / the bytes / length
  kFileCall = 120,           // call / path / errno
  kFileWritten = 121,        // path / the bytes / offset, length
  kLogLine = 130,            // tag / text / severity
  kOutput = 131,             // stream name / the bytes
  kDnsQuery = 140,           // name / answer / type, rcode
  kHostCrashed = 150,        // host
  kHostStarted = 151,        // host
  kFault = 152,              // what was done
  kStep = 160,               // scenario step / outcome
  kSchedule = 170,           // which task ran: ready count, index
  kReached = 180,            // probe
};

// Text is valid during Record() only.
struct Event {
  EventKind kind;
  absl::string_view subject;
  absl::string_view detail;
  int64_t number = 0;
  int64_t number2 = 0;
};

class Trace {
 public:
  virtual ~Trace() = default;
  virtual void Record(const Event& event) = 0;
  // Whether single rules are of interest, which are many.
  virtual bool wants_rules() const { return false; }
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_TRACE_H_
