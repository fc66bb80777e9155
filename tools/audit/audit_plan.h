// Who asks what in an audit: parties, and the envelopes that each of them tries, derived from what
// the site says of itself.
//
// Inside are the networks of the site's own addresses (IPv4: /24, IPv6: /48), private addresses,
// and what --inside names. Everybody else is a stranger, but for documented relaying: single
// addresses and networks no wider than those that the site lets relay by name. A wider network of
// public addresses that may relay, a public domain (public_domain.h) to which or from which may be
// relayed, a sender's address that opens the door: for each that the site's classes, maps or rules
// speak of there is a stranger who tries it.
#ifndef STAGEPOST_TOOLS_AUDIT_AUDIT_PLAN_H_
#define STAGEPOST_TOOLS_AUDIT_AUDIT_PLAN_H_

#include <optional>
#include <string>
#include <vector>

#include "mta/env/network.h"
#include "sim/world/dns_zones.h"
#include "tools/audit/address_range.h"
#include "tools/audit/site_facts.h"

namespace stagepost {

// The widest network that is one site's, in bits.
inline constexpr int kSiteBits4 = 24;
inline constexpr int kSiteBits6 = 48;

// Who the site is.
struct SiteIdentity {
  std::string name;                         // $j
  std::string local;                        // one of its domains
  IpAddress address4, address6;             // where strangers find it
  std::vector<IpAddress> addresses;         // those, and others that its ports name
  std::vector<AddressRange> inside;         // own networks, and those of --inside
  std::vector<std::string> partners;        // domains that it relays for, public ones excluded
  std::vector<std::string> public_domains;  // those among the domains it speaks of
  std::vector<AddressRange> trusted;   // networks and addresses that may relay, and are no hole
  std::vector<AddressRange> too_wide;  // those that reach strangers
  std::vector<std::string> hosts;      // to which it sends mail, as its tables name them

  bool IsInside(const IpAddress& address) const;
};

struct Party {
  std::string kind;   // "stranger", "inside", "loopback"
  std::string about;  // "whose address has no name"; may be empty
  IpAddress address;
  std::string name;     // of its address, by DNS; empty: none
  bool forward = true;  // the name leads back to the address
  std::string helo;
  bool all_forms = false;

  bool stranger() const { return kind == "stranger"; }
};

struct AuditEnvelope {
  std::string form;  // "R09"
  std::string what;
  std::string mail, rcpt;     // arguments of MAIL FROM: and RCPT TO:
  bool usual_sender = false;  // nothing is special about it
  std::string user;           // whom it is for: no other envelope names it
  // Text that shows in an outgoing recipient that a stranger is the goal. Empty: the goal is a
  // domain of the site or one it relays for.
  std::string victim;
};

struct AuditPlan {
  SiteIdentity site;
  std::vector<Party> parties;
  // By party; what all ports are asked.
  std::vector<std::vector<AuditEnvelope>> envelopes;
  std::vector<DnsZone> zones;
  std::vector<IpAddress> outside;  // addresses of those who are not inside, victims included
};

// What the caller knows better than the configuration.
struct SiteHints {
  std::string name;
  std::vector<IpAddress> addresses;
  std::vector<AddressRange> inside;
};

SiteIdentity IdentifySite(const SiteFacts& facts, const std::string& cf, const SiteHints& hints);
AuditPlan MakePlan(const SiteFacts& facts, SiteIdentity site);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_AUDIT_PLAN_H_
