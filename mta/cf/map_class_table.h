// Classes of maps, and the flags of K lines. Operations Guide, 5.8.
#ifndef STAGEPOST_MTA_CF_MAP_CLASS_TABLE_H_
#define STAGEPOST_MTA_CF_MAP_CLASS_TABLE_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/cf/support.h"
#include "mta/cf/table_row.h"

namespace stagepost {

struct MapClassInfo {
  absl::string_view name;
  bool known;                // Debian's build has it; else "class NAME not available"
  bool aliases;              // may hold aliases
  absl::string_view suffix;  // of its file
  absl::string_view since;
  Support support;
  absl::string_view meaning;
  absl::string_view note = {};
};

absl::Span<const MapClassInfo> MapClasses();

// Case does not count. Null: no such class.
const MapClassInfo* FindMapClass(absl::string_view name);

// Flags that mean the same, or nearly, for many classes; `name` is the letter with its argument.
absl::Span<const TableRow> MapFlagRows();

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_MAP_CLASS_TABLE_H_
