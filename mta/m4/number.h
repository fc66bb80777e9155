// Decimal integers in m4's arguments.
#ifndef STAGEPOST_MTA_M4_NUMBER_H_
#define STAGEPOST_MTA_M4_NUMBER_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace stagepost {

struct M4Number {
  int64_t value = 0;  // of the digits at the beginning; at most what 64 bits have
  bool numeric = false;
  bool empty = false;          // counts as 0, and as numeric
  bool leading_space = false;  // which is allowed; trailing space is not
  bool overflow = false;       // of 64 bits
};

M4Number ParseM4Number(absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_M4_NUMBER_H_
