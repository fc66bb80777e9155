// Who may send what to whom: the policy of a server session.
//
// A session asks for every MAIL and every RCPT; the answer carries the reply in sendmail's words.
// The checks are awaitable because policy will come from rulesets, which look things up in maps and
// DNS. This interface is where the ruleset machine takes LocalAcceptance's place
// (local_acceptance.h).
#ifndef STAGEPOST_MTA_SMTP_ACCEPTANCE_H_
#define STAGEPOST_MTA_SMTP_ACCEPTANCE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/base/reply.h"
#include "mta/env/network.h"
#include "mta/queue/envelope.h"

namespace stagepost {

// The peer of a session, as policy sees it.
struct Client {
  IpAddress address;
  std::string name;  // as in "relay=": "[192.0.2.33]" for a client without a known host name
  std::string helo;  // argument of the last HELO or EHLO; empty before
};

// The answer to one address.
struct AddressDecision {
  Reply reply;
  // The refusal is one of policy (sendmail: of a check_ ruleset) and not of the address itself;
  // such refusals are logged with "ruleset=…, reject=…".
  bool by_policy = false;
  // The address passed policy, was understood, and turned out not to exist here. sendmail counts
  // such recipients when it decides whether Received gets a "for" clause.
  bool unknown_user = false;

  // Only when reply.positive(): what to put into the envelope.
  std::string address;
  // Only for recipients: whoever has the same key gets one copy only, and later RCPT commands with
  // it are answered with the first one's spelling.
  std::string key;
  Recipient recipient;
};

class Acceptance {
 public:
  virtual ~Acceptance() = default;

  // `path` is the argument of MAIL FROM: as it came: with its angle brackets, if any, at most
  // kMaxCommandLine bytes, without control characters.
  virtual Task<AddressDecision> CheckSender(const Client& client, absl::string_view path) = 0;
  // `path` as above, of RCPT TO:.
  virtual Task<AddressDecision> CheckRecipient(const Client& client, absl::string_view path) = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_ACCEPTANCE_H_
