// M lines: mailers. Operations Guide, 5.5.
#ifndef STAGEPOST_MTA_CF_MAILER_LINE_H_
#define STAGEPOST_MTA_CF_MAILER_LINE_H_

#include "absl/strings/string_view.h"
#include "mta/cf/load_context.h"
#include "mta/cf/ruleset_names.h"
#include "mta/env/accounts.h"

namespace stagepost {

inline constexpr size_t kMaxMailers = 25;
inline constexpr size_t kMaxMailerArguments = 256;

// The mailers that need no M line: prog, *file* and *include*; in this order.
void DefineOwnMailers(Configuration& configuration);

// `line` is what stands behind the M. A mailer of a known name takes the old one's place.
void ReadMailerLine(absl::string_view line, LoadContext& context, RulesetNames& rulesets,
                    Accounts& accounts);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_MAILER_LINE_H_
