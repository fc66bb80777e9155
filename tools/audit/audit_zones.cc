#include "tools/audit/audit_zones.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace stagepost {
namespace {

class ZoneMaker {
 public:
  ZoneMaker(const NamedWorld& world, std::vector<IpAddress>& outside)
      : in_(world), outside_(outside) {}

  static DnsRecord Record(std::string owner, const IpAddress& address) {
    DnsRecord record;
    record.owner = std::move(owner);
    record.type = address.is_v4() ? DnsType::kA : DnsType::kAaaa;
    record.ttl = absl::Hours(1);
    record.address = address;
    return record;
  }
  static DnsRecord Record(std::string owner, DnsType type, std::string name) {
    DnsRecord record;
    record.owner = std::move(owner);
    record.type = type;
    record.ttl = absl::Hours(1);
    record.preference = 10;
    record.name = std::move(name);
    return record;
  }

  void AddHost(const std::string& name, const IpAddress& address) {
    if (name.empty()) return;
    std::vector<DnsRecord>& records = hosts_[absl::AsciiStrToLower(name)];
    records.push_back(Record(name, address));
  }
  void AddMailDomain(const std::string& name, const std::string& mail_host) {
    std::vector<DnsRecord>& records = hosts_[absl::AsciiStrToLower(name)];
    records.push_back(Record(name, DnsType::kMx, mail_host));
  }

  static std::string ReverseName(const IpAddress& address) {
    std::string name;
    const auto& bytes = address.bytes();
    for (int i = address.is_v4() ? 3 : 15; i >= 0; --i) {
      if (address.is_v4()) {
        absl::StrAppend(&name, bytes[i], ".");
      } else {
        absl::StrAppendFormat(&name, "%x.%x.", bytes[i] & 15, bytes[i] >> 4);
      }
    }
    return absl::StrCat(name, address.is_v4() ? "in-addr.arpa" : "ip6.arpa");
  }

  void AddReverse(const IpAddress& address, const std::string& name) {
    if (name.empty()) return;
    const std::string owner = ReverseName(address);
    hosts_[owner].push_back(Record(owner, DnsType::kPtr, name));
  }

  // Whatever hosts the site sends mail to are there, and take it.
  void AddNextHops(const std::string& sink) {
    for (absl::string_view host : in_.site.hosts) {
      if (absl::ConsumePrefix(&host, "[")) absl::ConsumeSuffix(&host, "]");
      const auto address = IpAddress::Parse(host);
      if (!address.has_value()) {
        if (!hosts_.contains(std::string(host))) AddMailDomain(std::string(host), sink);
        if (hosts_[std::string(host)].size() < 2) AddHost(std::string(host), in_.victim4);
      } else if (std::find(outside_.begin(), outside_.end(), *address) == outside_.end()) {
        outside_.push_back(*address);
      }
    }
  }

  std::vector<DnsZone> Make() {
    for (const Party& party : in_.parties) {
      AddReverse(party.address, party.name);
      if (party.forward) AddHost(party.name, party.address);
    }
    AddHost(in_.stranger_domain, in_.parties[0].address);
    for (const IpAddress& own : {in_.site.address4, in_.site.address6}) {
      AddHost(in_.site.name, own);
      AddReverse(own, in_.site.name);
    }
    if (!absl::EqualsIgnoreCase(in_.site.local, in_.site.name)) {
      AddMailDomain(in_.site.local, in_.site.name);
    }
    AddMailDomain(in_.points_here, in_.site.name);
    const std::string sink = "mx.audit-sink.net";
    AddHost(sink, in_.victim4);
    AddHost(sink, in_.victim6);
    for (const std::string& victim : in_.victims) AddMailDomain(victim, sink);
    for (const std::string& domain : in_.site.partners) {
      if (!hosts_.contains(domain)) AddMailDomain(domain, sink);
    }
    for (const std::string& domain : in_.site.public_domains) {
      AddMailDomain(absl::StrCat("audit-stranger.", domain), sink);
    }
    AddNextHops(sink);
    std::vector<DnsZone> zones;
    for (auto& [name, records] : hosts_) {
      zones.push_back({.name = name, .behaviour = {}, .names = {}, .records = records});
    }
    return zones;
  }

 private:
  const NamedWorld& in_;
  std::vector<IpAddress>& outside_;
  std::map<std::string, std::vector<DnsRecord>> hosts_;
};

}  // namespace

std::vector<DnsZone> MakeZones(const NamedWorld& world, std::vector<IpAddress>& outside) {
  return ZoneMaker(world, outside).Make();
}

}  // namespace stagepost
