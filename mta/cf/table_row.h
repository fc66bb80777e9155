// One row of a table that only names things: mailer flags, kinds of lines, macros and so on.
#ifndef STAGEPOST_MTA_CF_TABLE_ROW_H_
#define STAGEPOST_MTA_CF_TABLE_ROW_H_

#include "absl/strings/string_view.h"
#include "mta/cf/support.h"

namespace stagepost {

struct TableRow {
  absl::string_view name;
  absl::string_view meaning;
  absl::string_view since = "8.1";  // the release of sendmail that brought it, or one before
  Support support = Support::kNo;
  absl::string_view note = {};  // differences, what is missing, what later releases do more safely
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_TABLE_ROW_H_
