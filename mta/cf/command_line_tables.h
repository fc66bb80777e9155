// The command line of sendmail(8).
#ifndef STAGEPOST_MTA_CF_COMMAND_LINE_TABLES_H_
#define STAGEPOST_MTA_CF_COMMAND_LINE_TABLES_H_

#include "absl/types/span.h"
#include "mta/cf/table_row.h"

namespace stagepost {

// -b: what the program is to do.
absl::Span<const TableRow> OperationModeRows();

// All others; `name` is the flag with its argument.
absl::Span<const TableRow> CommandFlagRows();

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_COMMAND_LINE_TABLES_H_
