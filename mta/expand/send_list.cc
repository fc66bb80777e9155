#include "mta/expand/send_list.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace stagepost {

const std::string* SenderFor(const SendList& list, size_t entry) {
  for (size_t at = entry; at != kNoEntry; at = list.entries[at].parent) {
    if (list.entries[at].owner.has_value()) return &*list.entries[at].owner;
  }
  return nullptr;
}

std::string ListingOf(const SendEntry& entry, absl::string_view own_name) {
  const absl::string_view type =
      entry.mailer == nullptr ? absl::string_view() : absl::string_view(entry.mailer->address_type);
  const bool is_rfc822 = type.empty() || absl::EqualsIgnoreCase(type, "rfc822");
  const bool local = is_rfc822 && !absl::StrContains(entry.user, '@');
  return absl::StrCat(entry.full_name, entry.full_name.empty() ? "" : " ", "<", entry.user,
                      local ? "@" : "", local ? own_name : absl::string_view(), ">");
}

}  // namespace stagepost
