// When two entries of a send list are the same mailbox.
#ifndef STAGEPOST_MTA_EXPAND_MAILBOX_H_
#define STAGEPOST_MTA_EXPAND_MAILBOX_H_

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/expand/send_list.h"

namespace stagepost {

// Equal for entries of the same mailer, user and host (whose case does not count), and of programs
// and files of the same controlling user.
inline std::string MailboxKey(const SendEntry& entry) {
  const absl::string_view end("\0", 1);
  std::string key = absl::StrCat(entry.mailer == nullptr ? absl::string_view() : entry.mailer->name,
                                 end, entry.user, end, absl::AsciiStrToLower(entry.host));
  const bool is_run =
      entry.mailer != nullptr && (entry.mailer->name == "prog" || entry.mailer->name == "*file*");
  if (is_run && entry.controller.has_value() && !entry.controller->is_default_user) {
    absl::StrAppend(&key, end, static_cast<uint32_t>(entry.controller->user));
  }
  return key;
}

}  // namespace stagepost

#endif  // STAGEPOST_MTA_EXPAND_MAILBOX_H_
