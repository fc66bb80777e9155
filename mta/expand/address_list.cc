#include "mta/expand/address_list.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace stagepost {
namespace {

bool IsDelimiter(char c, char delimiter) {
  return c == delimiter || (delimiter == ' ' && absl::ascii_isspace(c));
}

}  // namespace

absl::string_view SkipSeparators(absl::string_view list) {
  size_t at = 0;
  while (at < list.size() && (list[at] == ',' || absl::ascii_isspace(list[at]))) ++at;
  return list.substr(at);
}

absl::string_view AddressWindow(absl::string_view list) {
  return list.substr(0, kAddressWindowBytes);
}

void SkipAddress(absl::string_view& list, size_t end, char delimiter) {
  size_t at = std::min(end, list.size());
  while (at < list.size() && !IsDelimiter(list[at], delimiter)) ++at;
  list.remove_prefix(std::min(at + 1, list.size()));
}

}  // namespace stagepost
