#include "mta/deliver/delivery_log.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace stagepost {
namespace {

// syslog(3) lines are cut by many a daemon behind 1 KiB.
constexpr size_t kMaxShownRecipients = 512;

}  // namespace

std::string FormatDelay(absl::Duration delay) {
  const int64_t seconds = std::max<int64_t>(absl::ToInt64Seconds(delay), 0);
  std::string text;
  if (seconds >= 86'400) absl::StrAppend(&text, seconds / 86'400, "+");
  absl::StrAppendFormat(&text, "%02d:%02d:%02d", seconds % 86'400 / 3'600, seconds % 3'600 / 60,
                        seconds % 60);
  return text;
}

std::string DeliveryLogLine(const Envelope& envelope, absl::Time now, absl::Duration xdelay,
                            const DeliveryOutcome& outcome) {
  std::string to;
  for (const std::string& recipient : outcome.recipients) {
    if (to.size() + recipient.size() > kMaxShownRecipients && !to.empty()) {
      to.append("...");
      break;
    }
    absl::StrAppend(&to, to.empty() ? "" : ",", recipient);
  }
  std::string line =
      absl::StrCat(envelope.id, ": to=", to, ", delay=", FormatDelay(now - envelope.created),
                   ", xdelay=", FormatDelay(xdelay), ", mailer=local, pri=", envelope.priority,
                   ", relay=local, dsn=", outcome.dsn);
  if (!outcome.reply.empty()) absl::StrAppend(&line, ", reply=", outcome.reply);
  absl::StrAppend(&line, ", stat=", outcome.stat);
  return line;
}

std::string ShownRecipient(const Recipient& recipient) {
  std::string shown =
      recipient.bracketed ? absl::StrCat("<", recipient.address, ">") : recipient.address;
  std::replace_if(shown.begin(), shown.end(), absl::ascii_iscntrl, '?');
  return shown;
}

}  // namespace stagepost
