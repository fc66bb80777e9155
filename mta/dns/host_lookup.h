// Names of hosts as sendmail sees them: the service switch, /etc/hosts, the search list, CNAMEs and
// MX records, above raw DNS queries. Operations Guide, 5.6 (ResolverOptions, ServiceSwitchFile,
// HostsFile); RFC 5321, section 5; RFC 7505.
//
// One object serves a process; the files are read again when they have changed.
#ifndef STAGEPOST_MTA_DNS_HOST_LOOKUP_H_
#define STAGEPOST_MTA_DNS_HOST_LOOKUP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/async/task.h"
#include "mta/dns/dns_search.h"
#include "mta/dns/hosts_file.h"
#include "mta/dns/resolver_file.h"
#include "mta/dns/text_file.h"
#include "mta/env/environment.h"

namespace stagepost {

// CNAMEs that lead to one name, at most.
inline constexpr int kMaxCanonicalCnames = 10;
// Hosts that one domain's MX records give, and a fallback; the rest is not looked at.
inline constexpr size_t kMaxMxHosts = 100;

struct HostLookupOptions {
  std::string service_switch_file = "/etc/mail/service.switch";
  std::string hosts_file = "/etc/hosts";
  std::string resolver_file = "/etc/resolv.conf";        // its search list
  std::string name_service_file = "/etc/nsswitch.conf";  // for look-ups by address
  // ResolverOptions:
  bool search_domains = true;    // DNSRCH: the search list, in names with dots too
  bool default_domain = true;    // DEFNAMES: the first of it, for names without dots
  bool has_wildcard_mx = false;  // HasWildcardMX: an MX record found through the list says nothing
  bool work_around_broken_aaaa =
      false;                  // WorkAroundBrokenAAAA: A is asked for after a time-out too
  bool expand_cnames = true;  // not DontExpandCnames
};

enum class LookupStatus : uint8_t {
  kFound,
  kNotFound,
  kTemporary,  // no server, SERVFAIL, REFUSED, …
};

struct CanonicalName {
  LookupStatus status = LookupStatus::kNotFound;
  // Found or not, what /canon prints: DNS takes a final dot off before it asks, and leaves the
  // target of a CNAME that led nowhere.
  std::string name = {};
  absl::Duration ttl = {};
  std::string message = {};  // "DNS failure: CNAME loop for x"; usually empty
  // Whoever asked was asked to stop meanwhile, or his time was up: this says nothing about the
  // name.
  bool cancelled = false;
};

struct HostAddresses {
  LookupStatus status = LookupStatus::kNotFound;
  std::string name;  // canonical
  std::vector<std::string> aliases;
  std::vector<IpAddress> addresses;
  bool cancelled = false;  // as CanonicalName's
};

struct FamilyAddresses {
  DnsOutcome outcome = DnsOutcome::kNotFound;
  std::vector<IpAddress> addresses;  // when found
};

struct MxHost {
  uint16_t preference = 0;
  std::string name;  // as /mx prints it: with a final dot, unless it is an address in brackets
};

// How MX records are asked for.
struct MxOptions {
  bool search = true;           // false: the name as it is, as the class bestmx asks
  bool drop_local_host = true;  // own names, and all that is not better; /mx and bestmx keep them
  // $m, for names of one label in /etc/hosts.
  absl::string_view own_domain;
};

struct MxAnswer {
  // kFound: there are hosts, or an answer without MX hosts. kNotFound: DNS has no such name; there
  // may yet be a host, from /etc/hosts. kTemporary: no hosts.
  LookupStatus status = LookupStatus::kNotFound;
  bool null_mx = false;         // RFC 7505: takes no mail
  bool saw_local_host = false;  // an own name was dropped
  std::vector<MxHost> hosts;    // in the order in which they are tried
  absl::Duration ttl;
};

class HostLookup {
 public:
  HostLookup(Environment& env, HostLookupOptions options);

  // $[ name $], the host map and /canon: a name without brackets. `own_domain` is $m. Not cached.
  Task<CanonicalName> Canonical(absl::string_view name, absl::string_view own_domain);
  // The same for the host map, and with names in brackets ("[192.0.2.1]", "[IPv6:2001:db8::1]"),
  // which give the name of the address. Answers are kept for an hour, or their TTL if that is
  // shorter; temporary failures for a minute; those to whom the look-up was cancelled not at all.
  Task<CanonicalName> CachedCanonical(absl::string_view name, absl::string_view own_domain);

  // What CachedCanonical() has kept; null: nothing. Valid until the next look-up.
  const CanonicalName* KnownCanonical(absl::string_view name) const;

  // As the C library does it: files and DNS as nsswitch.conf says.
  // Look-ups that belong together share `seen`, and look only once whether the files have changed;
  // null: this one looks.
  struct FilesSeen {
    bool name_service = false;
    bool hosts = false;
  };
  Task<HostAddresses> ByName(absl::string_view name, FilesSeen* seen = nullptr);
  // The addresses of one family only, A or AAAA, and exactly what has become of the search; a name
  // with a final dot is not searched for in any domain.
  Task<FamilyAddresses> AddressesByName(absl::string_view name, DnsType family);
  Task<HostAddresses> ByAddress(const IpAddress& address, FilesSeen* seen = nullptr);

  // The MX hosts of a domain, or the domain itself if it has addresses only. `is_local` says
  // whether a name is one of this host's (class w); it is asked before the task ends.
  Task<MxAnswer> MailExchangers(absl::string_view domain,
                                absl::FunctionRef<bool(absl::string_view)> is_local,
                                MxOptions options);

  // Where a service is looked up.
  Task<std::vector<std::string>> SourcesOf(std::string service);
  // Whether DNS is one of the sources of hosts.
  Task<bool> UsesDns();
  // A query with the search list of this host.
  Task<DnsSearchResult> Search(absl::string_view name, DnsType type, bool search);

 private:
  struct CacheEntry {
    CanonicalName answer;
    MonotonicTime expires;
  };

  Task<CanonicalName> CanonicalIn(absl::string_view name, absl::string_view own_domain,
                                  bool accept_mx, bool search);
  Task<std::optional<std::string>> InHostsFile(absl::string_view name,
                                               absl::string_view own_domain);
  Task<CanonicalName> InDns(absl::string_view name, bool accept_mx, bool search);
  Task<CanonicalName> InBrackets(absl::string_view name);
  Task<MxAnswer> WithoutMx(absl::string_view domain, LookupStatus status, bool try_canonical,
                           MxOptions options);
  MxAnswer ChooseMx(const DnsAnswer& found, absl::FunctionRef<bool(absl::string_view)> is_local,
                    const MxOptions& options);
  Task<void> RefreshNameService(FilesSeen* seen);
  Task<void> RefreshHosts(FilesSeen* seen = nullptr);
  Task<void> RefreshResolver();

  Environment& env_;
  const HostLookupOptions options_;
  TextFile service_switch_, hosts_, resolver_, name_service_;
  std::vector<HostsLine> hosts_lines_;
  ResolverFile resolver_settings_;
  // By name as asked.
  // lint: allow(unordered): only looked up, and cleared as a whole.
  absl::flat_hash_map<std::string, CacheEntry> cache_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DNS_HOST_LOOKUP_H_
