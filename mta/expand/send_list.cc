#include "mta/expand/send_list.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace stagepost {

const std::string* SenderFor(const SendList& list, size_t entry) {
  for (size_t at = entry; at != kNoEntry; at = list.entries[at].parent) {
    if (list.entries[at].owner.has_value()) return &*list.entries[at].owner;
  }
  return nullptr;
}

std::vector<size_t> ListingOrder(const SendList& list) {
  // The owners, each by its first entry.
  std::vector<std::string> owners;
  std::vector<size_t> rank(list.entries.size()), order(list.entries.size());
  for (size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
    const std::string* const owner = SenderFor(list, i);
    if (owner == nullptr) continue;
    const auto known = std::find(owners.begin(), owners.end(), *owner);
    rank[i] = static_cast<size_t>(known - owners.begin()) + 1;
    if (known == owners.end()) owners.push_back(*owner);
  }
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (rank[a] != rank[b]) return rank[a] < rank[b];
    const int hosts = absl::AsciiStrToLower(list.entries[a].host)
                          .compare(absl::AsciiStrToLower(list.entries[b].host));
    return hosts != 0 ? hosts < 0 : a < b;
  });
  return order;
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
