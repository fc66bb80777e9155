// Where Stagepost behaves otherwise than sendmail 8.17 on purpose: for docs/compatibility.md.
//
// A recorded scenario that agrees has no row here. What is merely not implemented is in the tables.
#ifndef STAGEPOST_TOOLS_COMPATIBILITY_DIFFERENCES_H_
#define STAGEPOST_TOOLS_COMPATIBILITY_DIFFERENCES_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace stagepost {

struct Difference {
  absl::string_view where;
  absl::string_view sendmail;
  absl::string_view here;
  absl::string_view rule;  // why: the rule that is followed instead
};

absl::Span<const Difference> Differences();

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_COMPATIBILITY_DIFFERENCES_H_
