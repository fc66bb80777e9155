// Keys and modifiers of DaemonPortOptions and ClientPortOptions, and delivery modes.
// Operations Guide, 5.6.
#ifndef STAGEPOST_MTA_CF_PORT_TABLES_H_
#define STAGEPOST_MTA_CF_PORT_TABLES_H_

#include "absl/types/span.h"
#include "mta/cf/table_row.h"

namespace stagepost {

// By the first letter; for D, Q and R its case counts.
absl::Span<const TableRow> PortKeyRows();

// By the letter; those of client ports say so.
absl::Span<const TableRow> PortModifierRows();

// Values of the option DeliveryMode and of DeliveryMode=.
absl::Span<const TableRow> DeliveryModeRows();

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_PORT_TABLES_H_
