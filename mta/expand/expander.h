// From an address to those who get the mail: aliases, owner-, :include:, .forward, duplicate
// suppression, with the checks that keep a user's file from becoming somebody else's program.
// Operations Guide, 4.1 to 4.6 and 5.1.4 (ruleset 5); aliases(5).
//
// Limits: MaxAliasRecursion levels, kMaxSendEntries entries, kMaxIncludeBytes of one file. Files of
// users are opened under their identity, with the safe-file rules that DontBlameSendmail leaves.
#ifndef STAGEPOST_MTA_EXPAND_EXPANDER_H_
#define STAGEPOST_MTA_EXPAND_EXPANDER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/cf/macros.h"
#include "mta/expand/expansion_note.h"
#include "mta/expand/send_list.h"
#include "mta/rewrite/address.h"
#include "mta/site/site.h"

namespace stagepost {

inline constexpr size_t kMaxSendEntries = 100'000;

enum class ExpandMode {
  // RCPT, VRFY: does it exist? Aliases are looked up and not followed, and no .forward is read.
  kVerify,
  kFull,  // delivery, EXPN, -bv
};

struct ExpandOptions {
  ExpandMode mode = ExpandMode::kFull;
  std::string id;  // queue id, for log lines
  // Errors are logged as they come: RCPT, -bv. Not a delivery job, not EXPN.
  bool log_errors = false;
  ExpansionObserver* observer = nullptr;  // outlives it; or null
  bool no_aliases = false;                // -n
  // -bv: the log line about MaxAliasRecursion is left out.
  bool only_verifying = false;
  // DeliveryMode=defer: nothing is looked up. Entries are kDeferred, and have to be asked for
  // again.
  bool only_queueing = false;
};

class ExpansionWalk;

class Expander {
 public:
  // `site` and `macros` (the envelope's) outlive it. Rulesets that are asked see ${addr_type}, $u,
  // $h and $z as sendmail leaves them.
  Expander(Site& site, Macros& macros, ExpandOptions options);
  ~Expander();

  // Resolves `address` with the rules, as recipient of the envelope (not a comma list), and, with
  // kFull, expands it. Gives the index of its entry, or of the entry that it is a duplicate of
  // (whose address replies show). What is wrong with it is in that entry: state kBad, kDeferred.
  // `parsed` may be given by a caller that has resolved it already (a session, for check_rcpt).
  //   RCPT: kBad is answered with entry.text, and the entry is not to be used; kDeferred means
  //   "Recipient ok (will queue)"; everything else "Recipient ok".
  Task<size_t> Add(SendList& list, absl::string_view address,
                   const ParsedAddress* parsed = nullptr);

  // The same for an entry that was prepared by the caller: address, flags, original_recipient,
  // final_recipient, controller as a qf file has them.
  Task<size_t> AddEntry(SendList& list, SendEntry entry, const ParsedAddress* parsed = nullptr);

  // A list as -t or a command line has it: "alice, bob@x". The entries come in reverse order, as
  // sendmail's. Gives how many addresses there were.
  Task<int> AddList(SendList& list, absl::string_view addresses);

  // Of sysexits: what -bv ends with; 0 as long as there were no errors.
  int exit_code() const;

 private:
  std::unique_ptr<ExpansionWalk> expansion_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_EXPAND_EXPANDER_H_
