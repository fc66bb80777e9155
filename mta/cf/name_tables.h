// Macros, classes and rulesets that the program itself sets, looks at or calls.
// Operations Guide, 5.1 (rulesets), 5.2 (macros), 5.3 (classes).
#ifndef STAGEPOST_MTA_CF_NAME_TABLES_H_
#define STAGEPOST_MTA_CF_NAME_TABLES_H_

#include "absl/types/span.h"
#include "mta/cf/table_row.h"

namespace stagepost {

// What the program sets. Names of several characters have their braces.
absl::Span<const TableRow> MacroRows();

absl::Span<const TableRow> ClassRows();

// Those with a number have it in parentheses.
absl::Span<const TableRow> RulesetRows();

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_NAME_TABLES_H_
