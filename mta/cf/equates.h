// "name, Key=value, Key=value": how M, Q and X lines are written. Of a key, only the first letter
// counts.
#ifndef STAGEPOST_MTA_CF_EQUATES_H_
#define STAGEPOST_MTA_CF_EQUATES_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace stagepost {

// Takes the name at the front of `rest`, which ends at a comma or at white space.
std::string TakeEquatesName(absl::string_view& rest);

struct Equate {
  char key = '\0';      // the first letter
  std::string value;    // without quotes and backslashes
  bool broken = false;  // no "=" behind the key: the end of the line, for sendmail
};

// Takes the next equate from `rest`; nullopt: there is none.
std::optional<Equate> TakeEquate(absl::string_view& rest);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_EQUATES_H_
