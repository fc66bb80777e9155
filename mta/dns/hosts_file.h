// /etc/hosts: an address and its names on each line; hosts(5).
#ifndef STAGEPOST_MTA_DNS_HOSTS_FILE_H_
#define STAGEPOST_MTA_DNS_HOSTS_FILE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

// Of a file; longer ones are cut there.
inline constexpr size_t kMaxHostsFileBytes = 16 << 20;

struct HostsLine {
  std::string address;             // as written, not checked
  std::vector<std::string> names;  // at least one
};

// Everything behind a '#' is a comment. Lines without a name are left out.
std::vector<HostsLine> ParseHostsFile(absl::string_view text);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DNS_HOSTS_FILE_H_
