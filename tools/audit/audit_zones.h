// The names of an audit's world: parties, victims, next hops, and the site itself.
#ifndef STAGEPOST_TOOLS_AUDIT_AUDIT_ZONES_H_
#define STAGEPOST_TOOLS_AUDIT_AUDIT_ZONES_H_

#include <string>
#include <vector>

#include "mta/env/network.h"
#include "sim/world/dns_zones.h"
#include "tools/audit/audit_plan.h"

namespace stagepost {

// Outlived by what it refers to.
struct NamedWorld {
  const SiteIdentity& site;
  const std::vector<Party>& parties;
  std::string stranger_domain;
  std::string points_here;  // a stranger's domain whose mail host is the site
  const std::vector<std::string>& victims;
  IpAddress victim4, victim6;  // of the host that takes mail for victims
};

// A zone for each name. Addresses to which the site sends mail are added to `outside`.
std::vector<DnsZone> MakeZones(const NamedWorld& world, std::vector<IpAddress>& outside);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_AUDIT_ZONES_H_
