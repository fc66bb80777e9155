// H lines: headers to add, and rulesets that look at headers. Operations Guide, 5.7.
#ifndef STAGEPOST_MTA_CF_HEADER_LINE_H_
#define STAGEPOST_MTA_CF_HEADER_LINE_H_

#include "absl/strings/string_view.h"
#include "mta/cf/load_context.h"
#include "mta/cf/ruleset_names.h"

namespace stagepost {

// `line` is what stands behind the H.
void ReadHeaderLine(absl::string_view line, LoadContext& context, RulesetNames& rulesets);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_HEADER_LINE_H_
