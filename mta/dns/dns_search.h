// DNS queries with a search list: what res_query(3) and res_search(3) find.
#ifndef STAGEPOST_MTA_DNS_DNS_SEARCH_H_
#define STAGEPOST_MTA_DNS_DNS_SEARCH_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/dns/resolver_file.h"
#include "mta/env/resolver.h"

namespace stagepost {

// The h_errno of netdb.h.
enum class DnsOutcome : uint8_t {
  kFound,       // there are records; they may all be CNAMEs
  kNoData,      // the name exists, with nothing of this type
  kNotFound,    // HOST_NOT_FOUND
  kTryAgain,    // no answer, SERVFAIL, REFUSED, NOTIMP
  kNoRecovery,  // not a name that can be asked for, FORMERR
};

struct DnsSearchResult {
  DnsOutcome outcome = DnsOutcome::kNotFound;
  DnsAnswer answer;        // when found
  bool timed_out = false;  // kTryAgain: nobody answered
  bool cancelled = false;  // kTryAgain: whoever asked was asked to stop
};

// One query for `name`, with ".domain" behind it if there is one.
Task<DnsSearchResult> DnsQuery(Resolver& resolver, absl::string_view name, absl::string_view domain,
                               DnsType type);

// Which parts of the search list are used.
struct DnsSearchRules {
  bool search_domains = true;  // RES_DNSRCH
  bool default_domain = true;  // RES_DEFNAMES
};

// Queries `name` as it is, and in the domains of the search list, in the order that its dots call
// for.
Task<DnsSearchResult> DnsSearch(Resolver& resolver, const ResolverFile& settings,
                                DnsSearchRules rules, absl::string_view name, DnsType type);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DNS_DNS_SEARCH_H_
