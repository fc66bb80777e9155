#include "mta/deliver/queued_recipient.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace stagepost {
namespace {

bool IsBracketed(absl::string_view address) {
  return address.size() >= 2 && address.front() == '<' && address.back() == '>';
}

// The group that sendmail writes for the default user, whose it is not.
uint32_t ShownGroup(const ControllingUser& controller) {
  return controller.is_default_user ? 0 : static_cast<uint32_t>(controller.group);
}

std::string ControllerLine(const SendList& list, const SendEntry& entry) {
  std::string address;
  if (entry.controller.has_value()) address = entry.controller->address;
  // A user of this host that an alias has led to controls itself.
  if (entry.account.has_value() && entry.parent != kNoEntry) {
    return absl::StrCat(entry.account->name, ":", static_cast<uint32_t>(entry.account->user), ":",
                        static_cast<uint32_t>(entry.account->group), ":", address);
  }
  if (!entry.controller.has_value()) return "";
  const ControllingUser& controller = *entry.controller;
  std::string name = controller.name;
  if (name.empty() && entry.parent != kNoEntry) name = list.entries[entry.parent].user;
  return absl::StrCat(name, ":", static_cast<uint32_t>(controller.user), ":",
                      ShownGroup(controller), ":", address);
}

}  // namespace

std::optional<ControllingUser> ParseController(absl::string_view line, Accounts& accounts) {
  const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 3));
  if (parts.size() != 4) return std::nullopt;
  uint32_t user = 0, group = 0;
  if (!absl::SimpleAtoi(parts[1], &user) || !absl::SimpleAtoi(parts[2], &group)) {
    return std::nullopt;
  }
  ControllingUser controller;
  controller.user = UserId{user};
  controller.group = GroupId{group};
  controller.address = parts[3];
  const absl::StatusOr<User> account = accounts.FindUser(parts[0]);
  if (account.ok() && account->id == controller.user) {
    controller.name = account->name;
    controller.home = account->home;
    return controller;
  }
  // The name is an alias's: nobody's file has named it.
  controller.is_default_user = true;
  return controller;
}

std::string ShownController(const ControllingUser& controller) {
  if (controller.address.empty()) return "";
  return absl::StrCat(controller.address, " (", static_cast<uint32_t>(controller.user), "/",
                      ShownGroup(controller), ")");
}

SendEntry EntryOf(const Recipient& recipient, Accounts& accounts) {
  SendEntry entry;
  entry.address =
      recipient.bracketed ? absl::StrCat("<", recipient.address, ">") : recipient.address;
  entry.flags = recipient.flags;
  entry.original_recipient = recipient.original_recipient;
  entry.final_recipient = recipient.final_recipient;
  entry.controller = ParseController(recipient.controlling_user, accounts);
  return entry;
}

Recipient RecipientOf(const SendList& list, size_t index, std::string queue_text) {
  const SendEntry& entry = list.entries[index];
  Recipient recipient;
  recipient.bracketed = IsBracketed(entry.address);
  recipient.address =
      recipient.bracketed ? entry.address.substr(1, entry.address.size() - 2) : entry.address;
  recipient.user = entry.user;
  recipient.status = std::move(queue_text);
  recipient.flags = entry.flags;
  recipient.final_recipient = entry.final_recipient;
  recipient.original_recipient = entry.original_recipient;
  recipient.controlling_user = ControllerLine(list, entry);
  return recipient;
}

}  // namespace stagepost
