// How sendmail takes quotes and backslashes out of a value.
#ifndef STAGEPOST_MTA_CF_MUNCH_H_
#define STAGEPOST_MTA_CF_MUNCH_H_

#include <string>

#include "absl/strings/string_view.h"

namespace stagepost {

// Takes a value from the front of `rest`, up to a `delimiter` outside of quotes or to the end; the
// delimiter stays. Double quotes vanish; \n, \r, \b and \f are control characters, any other
// character behind a backslash stands for itself.
std::string TakeMunched(absl::string_view& rest, char delimiter);
// The whole of `text`.
std::string Munched(absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_MUNCH_H_
