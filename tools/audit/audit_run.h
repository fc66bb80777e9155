// Plays an audit: starts the site's daemon in a simulated world with strangers and victims in it,
// lets every party try its envelopes at every port it reaches, sends a message wherever a stranger
// is let in, and writes down what came of it: replies, what decided, who is to get the mail, what
// went out and what stays in the queue.
#ifndef STAGEPOST_TOOLS_AUDIT_AUDIT_RUN_H_
#define STAGEPOST_TOOLS_AUDIT_AUDIT_RUN_H_

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/audit/audit_plan.h"
#include "tools/audit/decision.h"

namespace stagepost {

struct ProbeResult {
  size_t party = 0;
  size_t envelope = 0;  // of the plan's envelopes of that party
  uint16_t port = 0;
  bool asked = false;      // the party got as far as MAIL
  std::string sender;      // its argument: the envelope\'s, or "<>" if that was refused
  std::string refused_at;  // "connect", "MAIL", "RCPT", "DATA"; empty: the message was taken, or
                           // (`sent` is false) the recipient
  std::string reply;       // the last one, its lines joined by a blank
  bool sent = false;       // a message was sent, and taken
  Decision decision;       // about the last of MAIL and RCPT
  std::string queue_id;
  // Of the message: "MAILER\nUSER" of who is to get it, by the mailer's name.
  std::vector<std::string> resolved;
  std::vector<std::string> delivered_to;  // recipients that hosts outside have taken
  std::vector<std::string> queued;        // recipients in the queue at the end
  int connections = 0;                    // that were made for it to hosts outside

  bool taken() const { return refused_at.empty(); }
};

struct AuditRun {
  std::vector<ProbeResult> results;
  std::vector<std::string> listens;  // "192.0.2.25:25"
  bool reached_by_strangers = false;
  int connections = 0;   // that the daemon made to hosts outside, at all
  int messages_out = 0;  // that hosts outside have taken
};

// kFailedPrecondition: the daemon does not start, and what it says.
absl::StatusOr<AuditRun> RunAudit(const AuditPlan& plan, const SiteFacts& facts, SiteFiles& files,
                                  const std::string& cf_path);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_AUDIT_RUN_H_
