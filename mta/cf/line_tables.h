// Lines of the configuration, and the keys of Q and X lines. Operations Guide, chapter 5.
#ifndef STAGEPOST_MTA_CF_LINE_TABLES_H_
#define STAGEPOST_MTA_CF_LINE_TABLES_H_

#include "absl/types/span.h"
#include "mta/cf/table_row.h"

namespace stagepost {

// By the first character of the line.
absl::Span<const TableRow> LineKindRows();

// Only the first letter of a key counts.
absl::Span<const TableRow> QueueGroupKeyRows();

// Keys of X lines.
absl::Span<const TableRow> MilterKeyRows();

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_LINE_TABLES_H_
