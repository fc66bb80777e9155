// Lines of the class text: columns between delimiters. Operations Guide, 5.8 (-k, -v, -z).
#ifndef STAGEPOST_MTA_MAPS_TEXT_COLUMNS_H_
#define STAGEPOST_MTA_MAPS_TEXT_COLUMNS_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace stagepost {

// Column `column` (from 0) of a line without its line end. With a delimiter each one ends a column,
// so that columns may be empty, except the first, which then is missing. Without one, runs of white
// space do; leading white space does not count. nullopt: the line has no such column. The result is
// part of `line`.
std::optional<absl::string_view> TextColumn(absl::string_view line, int column,
                                            std::optional<char> delimiter);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_TEXT_COLUMNS_H_
