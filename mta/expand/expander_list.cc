// Lists of addresses: what an alias, a line of a file or a command line says.
#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/base/quotes.h"
#include "mta/expand/address_list.h"
#include "mta/expand/expansion_walk.h"
#include "mta/expand/mailbox.h"

namespace stagepost {

bool ExpansionWalk::HasAccount(const SendEntry& entry) {
  return entry.mailer != nullptr && entry.mailer->Has('w') &&
         accounts().FindUser(StripQuotes(entry.user)).ok();
}

// Whether the child leads back to where it comes from, in such a way that somebody on the way there
// has an account: that one gets the mail then, and the child is left out.
bool ExpansionWalk::RefersToItself(SendList& list, const SendEntry& child) {
  if (child.mailer == nullptr) return false;
  const std::string mailbox = MailboxKey(child);
  SendEntry& parent = list.entries[child.parent];
  const auto is_child = [&](const SendEntry& entry) {
    return entry.mailer != nullptr && MailboxKey(entry) == mailbox;
  };
  if (is_child(parent)) parent.refers_to_itself = true;
  size_t same = child.parent;
  while (same != kNoEntry && !is_child(list.entries[same])) same = list.entries[same].parent;
  if (same == kNoEntry) return false;
  if (HasAccount(list.entries[same])) {
    list.entries[same].refers_to_itself = true;
    return true;
  }
  for (size_t at = child.parent; at != same; at = list.entries[at].parent) {
    if (!HasAccount(list.entries[at])) continue;
    list.entries[at].refers_to_itself = true;
    return true;
  }
  return false;
}

// nullopt: it is none, or nothing is to be done for it.
Task<std::optional<SendEntry>> ExpansionWalk::NextOf(SendList& list, absl::string_view& rest,
                                                     char delimiter, size_t parent) {
  const absl::string_view window = AddressWindow(rest);
  size_t end = 0;
  const std::optional<ParsedAddress> parsed = co_await Parse(window, delimiter, &end);
  SendEntry entry;
  if (parent == kNoEntry) {
    entry.flags = "PFD";
  } else {
    entry = Child(list, parent);
  }
  entry.address = std::string(window.substr(0, end));
  SkipAddress(rest, end, delimiter);
  if (!parsed.has_value()) co_return std::nullopt;
  Take(entry, *parsed);
  if (parent != kNoEntry && RefersToItself(list, entry)) co_return std::nullopt;
  co_return entry;
}

Task<int> ExpansionWalk::AddList(SendList& list, absl::string_view text, size_t parent) {
  char delimiter = ',';
  if (parent == kNoEntry) {
    if (text.find_first_of(",;<(") != absl::string_view::npos) old_style_lists_ = false;
    if (old_style_lists_) delimiter = ' ';
  }
  std::vector<SendEntry> found;
  for (absl::string_view rest = SkipSeparators(text); !rest.empty(); rest = SkipSeparators(rest)) {
    if (list.entries.size() + found.size() >= kMaxSendEntries) {
      std::string what = absl::StrCat("too many addresses (", kMaxSendEntries, " max)");
      if (parent == kNoEntry) {
        notes_.Error("552", "5.5.3", "", std::move(what), 0);
      } else {
        Bad(list.entries[parent], "552", "5.5.3", std::move(what));
      }
      break;
    }
    std::optional<SendEntry> entry = co_await NextOf(list, rest, delimiter, parent);
    if (entry.has_value()) found.push_back(*std::move(entry));
  }
  const int count = static_cast<int>(found.size());
  for (; !found.empty(); found.pop_back()) {
    if (found.back().final_recipient.empty()) {
      found.back().final_recipient = FinalRecipientOf(found.back().address, OwnName());
    }
    co_await Enter(list, std::move(found.back()));
  }
  co_return count;
}

}  // namespace stagepost
