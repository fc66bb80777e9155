// The text of an alias file: "name: value", continued by lines that begin with white space.
// aliases(5); Operations Guide, 1.3.
#ifndef STAGEPOST_MTA_MAPS_ALIAS_TEXT_H_
#define STAGEPOST_MTA_MAPS_ALIAS_TEXT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

struct AliasEntry {
  int line = 0;       // from 1; where it begins
  std::string name;   // as written, without white space around it
  std::string value;  // continuation lines joined as they are
};

// Of messages; one more says that there are others.
inline constexpr size_t kMaxAliasMessages = 1000;

struct AliasText {
  std::vector<AliasEntry> entries;    // in order; of two with one name the later counts
  std::vector<std::string> messages;  // about lines that are left out: "line 7: missing colon"
  size_t longest = 0;                 // bytes of the longest value,
  size_t total = 0;                   // and of all names and values
};

AliasText ParseAliasText(absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_ALIAS_TEXT_H_
