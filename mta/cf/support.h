// How far Stagepost does what a name of sendmail's configuration asks for: a column of every table.
#ifndef STAGEPOST_MTA_CF_SUPPORT_H_
#define STAGEPOST_MTA_CF_SUPPORT_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace stagepost {

enum class Support : uint8_t {
  kYes,
  kPartly,  // the table's note says what is missing
  kNo,       // read and checked, but without effect: warned about once at load
  kNothing,  // without effect in sendmail too, or outdated by how Stagepost works: no warning
  kRefused,  // never: a configuration that uses it is refused
};

// "yes", "partly", "no", "nothing to do", "refused".
absl::string_view SupportName(Support support);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_SUPPORT_H_
