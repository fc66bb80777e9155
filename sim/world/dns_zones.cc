#include "sim/world/dns_zones.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"
#include "mta/dns/name.h"

namespace stagepost {
namespace {

// Whether `name` is `zone` or below it; both canonical.
bool IsWithin(absl::string_view name, absl::string_view zone) {
  return zone.empty() || name == zone || absl::EndsWith(name, absl::StrCat(".", zone));
}

// The name above, "" for the last. Escaped dots are not looked for: nobody serves such zones.
absl::string_view Parent(absl::string_view name) {
  const size_t dot = name.find('.');
  return dot == name.npos ? absl::string_view() : name.substr(dot + 1);
}

absl::Status CheckName(absl::string_view name) {
  return DnsNameToWire(name.empty() ? "." : name).status();
}

}  // namespace

absl::Status DnsZones::Put(DnsZone zone) {
  RETURN_IF_ERROR(CheckName(zone.name));
  Served served;
  const std::string key = CanonicalDnsName(zone.name);
  for (const DnsRecord& record : zone.records) {
    RETURN_IF_ERROR(CheckName(record.owner));
    RETURN_IF_ERROR(CheckName(record.name));
    const std::string owner = CanonicalDnsName(record.owner);
    if (!IsWithin(owner, key)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", record.owner, "\" is not in the zone \"", zone.name, "\""));
    }
    served.owners[owner].push_back(record);
  }
  std::map<std::string, DnsBehaviour> names;
  for (const auto& [name, behaviour] : zone.names) names[CanonicalDnsName(name)] = behaviour;
  zone.names = std::move(names);
  served.zone = std::move(zone);
  zones_[key] = std::move(served);
  return absl::OkStatus();
}

bool DnsZones::Remove(absl::string_view name) { return zones_.erase(CanonicalDnsName(name)) > 0; }

const DnsZones::Served* DnsZones::ZoneOf(absl::string_view name) const {
  while (true) {
    const auto found = zones_.find(name);
    if (found != zones_.end()) return &found->second;
    if (name.empty()) return nullptr;
    name = Parent(name);
  }
}

bool DnsZones::Exists(const Served& served, absl::string_view name) {
  if (name == CanonicalDnsName(served.zone.name)) return true;
  return std::any_of(served.owners.begin(), served.owners.end(),
                     [&](const auto& owner) { return IsWithin(owner.first, name); });
}

// The records of a name, of a wildcard if there is no such name (RFC 4592).
std::vector<DnsRecord> DnsZones::RecordsOf(const Served& served, const std::string& name,
                                           bool& exists) {
  exists = Exists(served, name);
  if (exists) {
    const auto own = served.owners.find(name);
    return own == served.owners.end() ? std::vector<DnsRecord>() : own->second;
  }
  absl::string_view encloser = Parent(name);
  while (!Exists(served, encloser)) encloser = Parent(encloser);
  const auto wildcard = served.owners.find(absl::StrCat("*.", encloser));
  if (wildcard == served.owners.end()) return {};
  exists = true;
  std::vector<DnsRecord> records = wildcard->second;
  for (DnsRecord& record : records) record.owner = name;
  return records;
}

DnsFinding DnsZones::Find(absl::string_view name, DnsType type) const {
  DnsFinding finding;
  finding.answer.authenticated = true;
  finding.ttl = absl::InfiniteDuration();
  const auto fail = [&finding](DnsRcode rcode) {
    finding.answer = DnsAnswer();
    finding.answer.rcode = rcode;
    finding.ttl = absl::ZeroDuration();
    return std::move(finding);
  };
  const auto conclude = [&finding](DnsRcode rcode, absl::Duration ttl) {
    finding.answer.rcode = rcode;
    finding.ttl = std::min(finding.ttl, ttl);
    return std::move(finding);
  };
  std::string at = CanonicalDnsName(name);
  for (int cnames = 0; cnames <= kMaxCnames; ++cnames) {
    const Served* served = ZoneOf(at);
    if (served == nullptr) {
      finding.answer.authenticated = false;
      return conclude(DnsRcode::kNxDomain, kNoZoneTtl);
    }
    const DnsZone& zone = served->zone;
    const auto own = zone.names.find(at);
    const DnsBehaviour& behaviour = own == zone.names.end() ? zone.behaviour : own->second;
    finding.answer.authenticated &= zone.authenticated;
    finding.delay += behaviour.delay;
    switch (behaviour.fault) {
      case DnsFault::kNxDomain:
        return conclude(DnsRcode::kNxDomain, zone.negative_ttl);
      case DnsFault::kNoData:
        return conclude(DnsRcode::kNoError, zone.negative_ttl);
      case DnsFault::kFormErr:
        return fail(DnsRcode::kFormErr);
      case DnsFault::kNotImp:
        return fail(DnsRcode::kNotImp);
      case DnsFault::kServFail:
        return fail(DnsRcode::kServFail);
      case DnsFault::kRefused:
        return fail(DnsRcode::kRefused);
      case DnsFault::kLame:
        finding.fault = DnsFault::kLame;
        return fail(DnsRcode::kServFail);
      case DnsFault::kTimeOut:
      case DnsFault::kMalformed:
        finding.fault = behaviour.fault;
        return fail(DnsRcode::kNoError);
      case DnsFault::kTruncated:
        finding.fault = DnsFault::kTruncated;
        break;
      case DnsFault::kNone:
        break;
    }
    bool exists = false;
    std::vector<DnsRecord> records = RecordsOf(*served, at, exists);
    if (!exists) return conclude(DnsRcode::kNxDomain, zone.negative_ttl);
    bool found = false;
    const DnsRecord* cname = nullptr;
    for (const DnsRecord& record : records) {
      if (record.type == DnsType::kCname) cname = &record;
      if (record.type != type && type != DnsType::kAny) continue;
      found = true;
      finding.ttl = std::min(finding.ttl, record.ttl);
      finding.answer.records.push_back(record);
    }
    if (found) return conclude(DnsRcode::kNoError, absl::InfiniteDuration());
    if (cname == nullptr) return conclude(DnsRcode::kNoError, zone.negative_ttl);
    finding.ttl = std::min(finding.ttl, cname->ttl);
    finding.answer.records.push_back(*cname);
    at = CanonicalDnsName(cname->name);
  }
  return fail(DnsRcode::kServFail);
}

}  // namespace stagepost
