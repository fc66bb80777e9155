// Asking a check_ ruleset whether something may be done, and understanding its answer.
// Operations Guide, 5.1.4 (hooks); cf/README, "ANTI-SPAM CONFIGURATION CONTROL".
//
// $#error refuses, $#discard takes the message and drops it, "$#error $@ quarantine $: reason"
// sets it aside; any other answer, or none, lets it pass. A ruleset without rules always does.
#ifndef STAGEPOST_MTA_POLICY_CHECK_RULESET_H_
#define STAGEPOST_MTA_POLICY_CHECK_RULESET_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/base/reply.h"
#include "mta/env/system_log.h"
#include "mta/rewrite/address.h"

namespace stagepost {

enum class CheckResult { kPass, kRefuse, kDiscard, kQuarantine };

struct Verdict {
  CheckResult result = CheckResult::kPass;
  // kRefuse: what the client is told, 4xx or 5xx, with sendmail's texts where the ruleset gives
  // none. A 421 ends the session. Without the address in front that parts of the session add.
  Reply reply;
  int exit_code = 0;  // of sysexits: what the ruleset ended with
  // kQuarantine: why.
  std::string reason;
  // $#mailer $@ host of an answer that passes (srv_features, greet_pause: "$# 5000"); empty: none.
  std::string mailer;
  std::string host;
  // What the ruleset made of its input, as text (srv_features lists letters).
  std::string text;

  bool refused() const { return result == CheckResult::kRefuse; }
};

struct CheckQuestion {
  absl::string_view ruleset;   // "check_rcpt"; one that does not exist passes
  absl::string_view argument;  // "<alice@corp.example>"
  // The second operand, behind $|.
  std::optional<absl::string_view> second = std::nullopt;
  // Removes (comments) from the argument before it is scanned.
  bool strip_comments = false;
};

Task<Verdict> AskRuleset(AddressContext context, CheckQuestion question);

// sendmail's log line about a verdict that is not kPass:
//   ID: ruleset=check_rcpt, arg1=<x@y>, relay=host.outside.example [192.0.2.33], reject=550 5.7.1 …
// `id` is a queue id or empty ("NOQUEUE" is sendmail's word for that only in some lines).
struct CheckLog {
  absl::string_view id;
  absl::string_view relay;  // $_
  // from= is there with delay_checks (row T-24): the sender as MAIL gave it.
  absl::string_view sender;
};
void LogVerdict(SystemLog& log, const CheckLog& about, const CheckQuestion& question,
                const Verdict& verdict);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POLICY_CHECK_RULESET_H_
