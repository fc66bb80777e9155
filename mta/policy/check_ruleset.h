// Asking a check_ ruleset whether something may be done, and understanding its answer.
// Operations Guide, 5.1.4 (hooks); cf/README, "ANTI-SPAM CONFIGURATION CONTROL".
//
// $#error refuses, $#discard takes the message and drops it, "$#error $@ quarantine $: reason"
// sets it aside; any other answer, or none, lets it pass. A ruleset without rules always does.
#ifndef STAGEPOST_MTA_POLICY_CHECK_RULESET_H_
#define STAGEPOST_MTA_POLICY_CHECK_RULESET_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/async/task.h"
#include "mta/base/reply.h"
#include "mta/env/system_log.h"
#include "mta/rewrite/address.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

enum class CheckResult { kPass, kRefuse, kDiscard, kQuarantine };

struct Verdict {
  CheckResult result = CheckResult::kPass;
  // kRefuse: what the client is told, 4xx or 5xx, with sendmail's texts where the ruleset gives
  // none, and with CheckQuestion::address in front where replies of this code have one. From
  // check_relay a 421 ends the session; from the others it is a reply as any. What rules ask for
  // may be a code below 400: sendmail says that and refuses all the same.
  Reply reply;
  int exit_code = 0;  // kRefuse: of sysexits
  // kQuarantine: why.
  std::string reason;
  // An answer that passes, $#mailer $@host $:user: greet_pause and srv_features tell this way
  // ("$#5000"). Empty: none.
  std::string mailer;
  std::string host;
  // What the ruleset made of its input, in words: its tokens, without a $# in front.
  std::vector<std::string> words;
  // What is wrong with the site's rules, "Unknown ruleset X": the first of them is the reply.
  std::vector<std::string> system_errors;
  // False: it is refused because of these errors; the ruleset has given no answer.
  bool answered = true;

  bool refused() const { return result == CheckResult::kRefuse; }
};

struct CheckQuestion {
  absl::string_view ruleset;   // "check_rcpt"; one that does not exist passes
  absl::string_view argument;  // "<alice@corp.example>"
  // The second operand, behind $|.
  std::optional<absl::string_view> second = std::nullopt;
  // Removes (comments) from the argument before it is scanned, as for headers with $>, not $>+.
  bool strip_comments = false;
  // Stands in front of replies that name an address ("<x@spam.example>... Access denied"): the one
  // of MAIL or RCPT. Empty: none, as for check_relay.
  absl::string_view address = {};
};

// An observer of the context hears of everything.
// What can not be scanned (too long, too many tokens) passes; what is unbalanced is closed.
Task<Verdict> AskRuleset(AddressContext context, CheckQuestion question);

// The verdict that $#error $@host $:user or $#discard gives: the part of AskRuleset() that reads
// what rules, and so maps with other people's text in them, have put together.
Verdict ReadVerdict(absl::Span<const Token> tokens, absl::string_view address);

// sendmail's log line about a verdict that is not kPass:
//   ID: ruleset=check_rcpt, arg1=<x@y>, relay=host.outside.example [192.0.2.33], reject=550 5.7.1 …
// behind lines for system_errors; and ", discard" or ", quarantine=REASON" in the place of reject=.
struct CheckLog {
  absl::string_view id;  // a queue id; empty: there is none yet, and the line begins with ruleset=
  absl::string_view relay;  // $_; empty: no relay=
};
void LogVerdict(SystemLog& log, const CheckLog& about, const CheckQuestion& question,
                const Verdict& verdict);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POLICY_CHECK_RULESET_H_
