// Mailers: flags (F=), equates and names with a meaning. Operations Guide, 5.5.
#ifndef STAGEPOST_MTA_CF_MAILER_TABLES_H_
#define STAGEPOST_MTA_CF_MAILER_TABLES_H_

#include "absl/types/span.h"
#include "mta/cf/table_row.h"

namespace stagepost {

// By the one character of the flag.
absl::Span<const TableRow> MailerFlagRows();

// Only the first letter of an equate counts, and its case.
absl::Span<const TableRow> MailerEquateRows();

// Mailers that are there without an M line, or that must be.
absl::Span<const TableRow> BuiltInMailerRows();

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_MAILER_TABLES_H_
