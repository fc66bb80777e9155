// Names of hosts as sendmail sees them: the service switch, /etc/hosts, the search list, CNAMEs and
// MX records, above raw DNS queries. TCP/IP chapters of the Operations Guide: ResolverOptions,
// ServiceSwitchFile, HostsFile; RFC 5321, section 5.
//
// One object serves a process; answers to Canonical() are kept for its life, as sendmail keeps them.
#ifndef STAGEPOST_MTA_DNS_HOST_LOOKUP_H_
#define STAGEPOST_MTA_DNS_HOST_LOOKUP_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

struct HostLookupOptions {
  std::string service_switch_file = "/etc/mail/service.switch";
  std::string hosts_file = "/etc/hosts";
  std::string resolv_conf = "/etc/resolv.conf";  // its search list
  bool use_ipv6 = true;
  bool dns_search = true;    // ResolverOptions DNSRCH, DEFNAMES
  bool no_canonify_aaaa = false;  // DontExpandCnames and WorkAroundBrokenAAAA are options of sendmail
  bool expand_cnames = true;
  bool work_around_broken_aaaa = false;
};

enum class LookupStatus : uint8_t {
  kFound,
  kNotFound,
  kTemporary,  // no server, SERVFAIL, REFUSED
};

struct CanonicalName {
  LookupStatus status = LookupStatus::kNotFound;
  std::string name;       // when found; without a final dot
  absl::Duration ttl;     // zero: from a file
};

struct HostAddresses {
  LookupStatus status = LookupStatus::kNotFound;
  std::string name;  // canonical
  std::vector<std::string> aliases;
  std::vector<IpAddress> addresses;
};

struct MxHost {
  uint16_t preference = 0;
  std::string name;  // with the final dot that the answer gives it, as /mx prints it
};

struct MxAnswer {
  LookupStatus status = LookupStatus::kNotFound;
  bool null_mx = false;        // RFC 7505
  bool saw_local_host = false;  // own name among them: it and everything behind it was removed
  std::vector<MxHost> hosts;   // in the order in which they are tried
};

class HostLookup {
 public:
  HostLookup(Environment& env, HostLookupOptions options);

  // $[ name $], the host map and /canon.
  Task<CanonicalName> Canonical(absl::string_view name);
  // By name, and by address (PTR, /etc/hosts).
  Task<HostAddresses> ByName(absl::string_view name);
  Task<HostAddresses> ByAddress(const IpAddress& address);
  // MX hosts of `domain`; `is_local` says whether a name is this host's (class w).
  Task<MxAnswer> MailExchangers(absl::string_view domain, bool (*is_local)(const void*, absl::string_view),
                                const void* is_local_context);

 private:
  Environment& env_;
  HostLookupOptions options_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DNS_HOST_LOOKUP_H_
