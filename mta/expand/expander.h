// From an address to those who get the mail: aliases, owner-, :include:, .forward, duplicate
// suppression, with the checks that keep a user's file from becoming somebody else's program.
// Operations Guide, 4.1 to 4.6 and 5.1.4 (ruleset 5); aliases(5).
//
// Limits: MaxAliasRecursion levels, kMaxSendEntries entries, kMaxIncludeBytes of one file. Files of
// users are opened under their identity, with the safe-file rules that DontBlameSendmail leaves.
#ifndef STAGEPOST_MTA_EXPAND_EXPANDER_H_
#define STAGEPOST_MTA_EXPAND_EXPANDER_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/cf/macros.h"
#include "mta/expand/send_list.h"
#include "mta/rewrite/address.h"
#include "mta/site/site.h"

namespace stagepost {

inline constexpr size_t kMaxSendEntries = 100'000;
inline constexpr size_t kMaxIncludeBytes = 16 << 20;

enum class ExpandMode {
  kVerify,  // RCPT, VRFY: does it exist? Aliases are looked up and not followed.
  kFull,    // delivery, EXPN, -bv
};

class Expander {
 public:
  // Everything outlives it. `id` is the queue id for log lines, `macros` are the envelope's.
  Expander(Site& site, Macros& macros, std::string id, ExpandMode mode);

  // Resolves `address` with the rules, as recipient of the envelope (not a comma list), and, with
  // kFull, expands it. Gives the index of its own entry. What is wrong with it is in that entry.
  // `parsed` may be given by a caller that has resolved it already (a session, for check_rcpt).
  Task<size_t> Add(SendList& list, absl::string_view address,
                   const ParsedAddress* parsed = nullptr);

  // A list as -t, an alias or a file has it: "alice, bob@x, :include:/list, |prog". Entries get
  // `parent`. False: nothing in it could be used.
  Task<bool> AddList(SendList& list, absl::string_view addresses, size_t parent);

 private:
  Site& site_;
  Macros& macros_;
  const std::string id_;
  const ExpandMode mode_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_EXPAND_EXPANDER_H_
