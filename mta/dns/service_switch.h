// The service switch: where hosts, aliases, … are looked up, and in which order.
// Operations Guide, 5.6 (ServiceSwitchFile).
#ifndef STAGEPOST_MTA_DNS_SERVICE_SWITCH_H_
#define STAGEPOST_MTA_DNS_SERVICE_SWITCH_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

inline constexpr size_t kMaxServiceSources = 12;

// What `service` says in sendmail's own file: the words behind its name, on the first line that
// begins with it. Without a line, or without a file, hosts are looked up in dns, then files, and
// aliases in files; other services nowhere.
std::vector<std::string> ServiceSources(std::optional<absl::string_view> text,
                                        absl::string_view service);

// The same in nsswitch.conf(5), which the library's look-ups by address follow: "hosts: files dns".
// Actions in brackets and sources other than files and dns are left out; without a line, files,
// then dns.
std::vector<std::string> NameServiceSources(std::optional<absl::string_view> text,
                                            absl::string_view service);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DNS_SERVICE_SWITCH_H_
