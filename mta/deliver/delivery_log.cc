#include "mta/deliver/delivery_log.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

namespace stagepost {
namespace {

// What a line of syslog(3) holds, and how much of it is kept for what stands in front.
constexpr size_t kLogLineBytes = 1024;
constexpr size_t kLogPrefixBytes = 100;
// The shortest piece of recipients, however long the rest of the line is.
constexpr size_t kMinPiece = 80;
// The longest address of a line that cannot be cut at a comma.
constexpr size_t kMaxLastPiece = 256;
// sendmail's longest ctladdr=.
constexpr size_t kMaxController = 83;

std::string Shown(absl::string_view text) {
  std::string shown = absl::StrReplaceAll(text, {{"\\", "\\\\"}});
  std::replace_if(shown.begin(), shown.end(), absl::ascii_iscntrl, '?');
  return shown;
}

std::string Rest(const DeliveryLogEntry& entry) {
  std::string rest;
  if (!entry.controller.empty()) {
    absl::StrAppend(&rest, ", ctladdr=", Shown(entry.controller).substr(0, kMaxController));
  }
  absl::StrAppend(&rest, ", delay=", FormatDelay(entry.delay));
  if (entry.xdelay.has_value()) absl::StrAppend(&rest, ", xdelay=", FormatDelay(*entry.xdelay));
  if (!entry.mailer.empty()) absl::StrAppend(&rest, ", mailer=", entry.mailer);
  absl::StrAppend(&rest, ", pri=", entry.priority);
  if (!entry.relay.empty()) absl::StrAppend(&rest, ", relay=", entry.relay);
  if (!entry.dsn.empty()) absl::StrAppend(&rest, ", dsn=", entry.dsn);
  if (!entry.reply.empty()) absl::StrAppend(&rest, ", reply=", entry.reply);
  absl::StrAppend(&rest, ", stat=", entry.stat);
  return rest;
}

}  // namespace

std::string FormatDelay(absl::Duration delay) {
  const int64_t seconds = std::max<int64_t>(absl::ToInt64Seconds(delay), 0);
  std::string text;
  if (seconds >= 86'400) absl::StrAppend(&text, seconds / 86'400, "+");
  const auto two = [](int64_t number) { return absl::Dec(number, absl::kZeroPad2); };
  absl::StrAppend(&text, two(seconds % 86'400 / 3'600), ":", two(seconds % 3'600 / 60), ":",
                  two(seconds % 60));
  return text;
}

std::vector<std::string> DeliveryLogLines(const DeliveryLogEntry& entry) {
  const std::string all = Shown(absl::StrJoin(entry.recipients, ","));
  const std::string rest = Rest(entry);
  const size_t room =
      std::max(kMinPiece, kLogLineBytes - std::min(kLogLineBytes, kLogPrefixBytes + rest.size()));
  absl::string_view to = all;
  std::vector<std::string> lines;
  while (to.size() >= room) {
    const size_t comma = to.rfind(',', room);
    if (comma == absl::string_view::npos || comma == 0) break;
    lines.push_back(absl::StrCat(entry.id, ": to=", to.substr(0, comma + 1), " [more]", rest));
    to.remove_prefix(comma + 1);
  }
  if (to.size() >= room) to = to.substr(0, kMaxLastPiece);
  lines.push_back(absl::StrCat(entry.id, ": to=", to, rest));
  return lines;
}

}  // namespace stagepost
