// /etc/resolv.conf, as far as names are concerned: where they are searched; resolv.conf(5). Which
// servers are asked, and how patiently, is the Resolver's business.
#ifndef STAGEPOST_MTA_DNS_RESOLVER_FILE_H_
#define STAGEPOST_MTA_DNS_RESOLVER_FILE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

struct ResolverFile {
  std::vector<std::string> search;  // domains, in order; at most kMaxSearchDomains
  int dots = 1;                     // names with so many are tried as they are first
};

inline constexpr size_t kMaxSearchDomains = 6;

// The last of the lines `search` and `domain` counts; without either it is the domain of
// `host_name`.
ResolverFile ParseResolverFile(absl::string_view text, absl::string_view host_name);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DNS_RESOLVER_FILE_H_
