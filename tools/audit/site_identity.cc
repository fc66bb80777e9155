// Who the site is: its name, addresses and domains, and whom it relays for by its own word.
#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "re2/re2.h"
#include "tools/audit/audit_plan.h"
#include "tools/audit/grants.h"
#include "tools/audit/public_domain.h"

namespace stagepost {
namespace {

constexpr absl::string_view kDefaultV4 = "192.0.2.25";
constexpr absl::string_view kDefaultV6 = "2001:db8:25::25";

void AddAddress(const IpAddress& address, std::vector<IpAddress>& addresses) {
  if (address.is_loopback() || address.is_unspecified()) return;
  if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) {
    addresses.push_back(address);
  }
}

// Addresses that ports are bound to, and that are names of this host.
std::vector<IpAddress> OwnAddresses(const SiteFacts& facts, const std::string& cf) {
  std::vector<IpAddress> addresses;
  for (const absl::string_view line : absl::StrSplit(cf, '\n')) {
    if (!absl::StartsWith(line, "O DaemonPortOptions")) continue;
    std::string text;
    static const RE2 kAddress("(?i)[=,\\s]A(?:ddr)?[a-z]*\\s*=\\s*(?:IPv6:)?([0-9a-f:.]+)");
    if (!RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), kAddress, &text)) continue;
    if (const auto address = IpAddress::Parse(text)) AddAddress(*address, addresses);
  }
  for (absl::string_view word : facts.Words("w")) {
    if (!absl::ConsumePrefix(&word, "[") || !absl::ConsumeSuffix(&word, "]")) continue;
    if (absl::StartsWithIgnoreCase(word, "IPv6:")) word.remove_prefix(5);
    if (const auto address = IpAddress::Parse(word)) AddAddress(*address, addresses);
  }
  return addresses;
}

IpAddress FirstOf(bool v4, absl::string_view otherwise, std::vector<IpAddress>& addresses) {
  const auto found = std::find_if(addresses.begin(), addresses.end(),
                                  [v4](const IpAddress& a) { return a.is_v4() == v4; });
  if (found != addresses.end()) return *found;
  addresses.push_back(*IpAddress::Parse(otherwise));
  return addresses.back();
}

// A domain of the site's that mail may be for: rather one of its lists than the host's own name.
std::string LocalDomain(const SiteFacts& facts, const std::string& name) {
  for (const std::string& word : facts.Words("w")) {
    const bool is_domain = absl::StrContains(word, '.') && word[0] != '[';
    if (is_domain && !absl::EqualsIgnoreCase(word, name) && !absl::EndsWith(word, "localdomain")) {
      return word;
    }
  }
  return name;
}

}  // namespace

bool SiteIdentity::IsInside(const IpAddress& address) const {
  return IsPrivate(address) ||
         std::any_of(inside.begin(), inside.end(),
                     [&](const AddressRange& range) { return range.Contains(address); });
}

SiteIdentity IdentifySite(const SiteFacts& facts, const std::string& cf, const SiteHints& hints) {
  SiteIdentity site;
  site.name = facts.host_name;
  site.local = LocalDomain(facts, site.name);
  site.addresses = hints.addresses;
  for (const IpAddress& address : OwnAddresses(facts, cf)) AddAddress(address, site.addresses);
  site.address4 = FirstOf(true, kDefaultV4, site.addresses);
  site.address6 = FirstOf(false, kDefaultV6, site.addresses);
  site.inside = hints.inside;
  for (const IpAddress& address : site.addresses) {
    site.inside.push_back(RangeAround(address, address.is_v4() ? kSiteBits4 : kSiteBits6));
  }
  SortGrants(FindGrants(facts, cf), site);
  return site;
}

}  // namespace stagepost
