// Where the addresses of a list begin and end, as far as that can be said without their syntax.
#ifndef STAGEPOST_MTA_EXPAND_ADDRESS_LIST_H_
#define STAGEPOST_MTA_EXPAND_ADDRESS_LIST_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace stagepost {

// What is looked at of a list to find the end of its first address: longer ones are none.
inline constexpr size_t kAddressWindowBytes = 2048;

// Without commas and white space in front.
absl::string_view SkipSeparators(absl::string_view list);

absl::string_view AddressWindow(absl::string_view list);

// Takes the first address off, of which `end` bytes were understood. What is left of it, up to the
// delimiter, is dropped: an address that is too long, or wrong in the middle. Always takes
// something off a list that is not empty.
void SkipAddress(absl::string_view& list, size_t end, char delimiter);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_EXPAND_ADDRESS_LIST_H_
