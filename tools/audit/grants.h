// Of whom a configuration speaks: domains, networks and senders in its classes, maps and rules.
// What each of them is allowed is found out by asking.
#ifndef STAGEPOST_TOOLS_AUDIT_GRANTS_H_
#define STAGEPOST_TOOLS_AUDIT_GRANTS_H_

#include <string>
#include <vector>

#include "tools/audit/address_range.h"
#include "tools/audit/audit_plan.h"
#include "tools/audit/site_facts.h"

namespace stagepost {

// More of one kind are left out.
inline constexpr size_t kMaxGrants = 60;

struct Grants {
  std::vector<std::string> domains;  // lower case, each once
  std::vector<AddressRange> ranges;
  std::vector<std::string> senders;  // "ceo@corp.example"
  // Hosts to which mail may go: "[10.9.9.9]", "hub.corp.example".
  std::vector<std::string> hosts;
};

Grants FindGrants(const SiteFacts& facts, const std::string& cf);
// Fills in partners, public_domains, trusted, too_wide and hosts.
void SortGrants(const Grants& grants, SiteIdentity& site);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_GRANTS_H_
