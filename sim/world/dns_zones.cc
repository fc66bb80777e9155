#include "sim/world/dns_zones.h"

#include <algorithm>
#include <optional>
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

// What has been found on the way along a chain of aliases.
class DnsZones::Search {
 public:
  Search() {
    finding_.answer.authenticated = true;
    finding_.ttl = absl::InfiniteDuration();
  }

  void Enter(const DnsZone& zone, const DnsBehaviour& behaviour) {
    finding_.answer.authenticated &= zone.authenticated;
    finding_.delay += behaviour.delay;
    if (behaviour.fault == DnsFault::kTruncated) finding_.fault = behaviour.fault;
  }
  void Take(const DnsRecord& record) {
    finding_.ttl = std::min(finding_.ttl, record.ttl);
    finding_.answer.records.push_back(record);
  }
  void NoZone() { finding_.answer.authenticated = false; }

  // The end of the chain.
  DnsFinding Conclude(DnsRcode rcode, absl::Duration ttl = absl::InfiniteDuration()) {
    finding_.answer.rcode = rcode;
    finding_.ttl = std::min(finding_.ttl, ttl);
    return std::move(finding_);
  }
  // Nothing of what has been found counts, nor may be kept.
  DnsFinding Fail(DnsRcode rcode, DnsFault fault = DnsFault::kNone) {
    finding_.answer = DnsAnswer();
    finding_.ttl = absl::ZeroDuration();
    if (fault != DnsFault::kNone) finding_.fault = fault;
    return Conclude(rcode);
  }
  // What the fault makes of the whole query, if it ends it.
  std::optional<DnsFinding> End(DnsFault fault, absl::Duration negative_ttl) {
    switch (fault) {
      case DnsFault::kNone:
      case DnsFault::kTruncated:
        return std::nullopt;
      case DnsFault::kNxDomain:
        return Conclude(DnsRcode::kNxDomain, negative_ttl);
      case DnsFault::kNoData:
        return Conclude(DnsRcode::kNoError, negative_ttl);
      case DnsFault::kFormErr:
        return Fail(DnsRcode::kFormErr);
      case DnsFault::kNotImp:
        return Fail(DnsRcode::kNotImp);
      case DnsFault::kServFail:
        return Fail(DnsRcode::kServFail);
      case DnsFault::kRefused:
        return Fail(DnsRcode::kRefused);
      case DnsFault::kLame:
        return Fail(DnsRcode::kServFail, fault);
      case DnsFault::kTimeOut:
      case DnsFault::kMalformed:
        return Fail(DnsRcode::kNoError, fault);
    }
    return std::nullopt;
  }

 private:
  DnsFinding finding_;
};

DnsFinding DnsZones::Find(absl::string_view name, DnsType type) const {
  Search search;
  if (auto end = search.End(outage_, kNoZoneTtl)) return *std::move(end);
  std::string at = CanonicalDnsName(name);
  for (int cnames = 0; cnames <= kMaxCnames; ++cnames) {
    const Served* served = ZoneOf(at);
    if (served == nullptr) {
      search.NoZone();
      return search.Conclude(DnsRcode::kNxDomain, kNoZoneTtl);
    }
    const DnsZone& zone = served->zone;
    const auto own = zone.names.find(at);
    DnsBehaviour behaviour = own == zone.names.end() ? zone.behaviour : own->second;
    if (!behaviour.types.empty() && behaviour.types.count(type) == 0) {
      behaviour.fault = DnsFault::kNone;
    }
    search.Enter(zone, behaviour);
    if (auto end = search.End(behaviour.fault, zone.negative_ttl)) return *std::move(end);
    bool exists = false;
    const std::vector<DnsRecord> records = RecordsOf(*served, at, exists);
    if (!exists) return search.Conclude(DnsRcode::kNxDomain, zone.negative_ttl);
    bool found = false;
    const DnsRecord* cname = nullptr;
    for (const DnsRecord& record : records) {
      if (record.type == DnsType::kCname) cname = &record;
      if (record.type != type && type != DnsType::kAny) continue;
      found = true;
      search.Take(record);
    }
    if (found) return search.Conclude(DnsRcode::kNoError);
    if (cname == nullptr) return search.Conclude(DnsRcode::kNoError, zone.negative_ttl);
    search.Take(*cname);
    at = CanonicalDnsName(cname->name);
  }
  return search.Fail(DnsRcode::kServFail);
}

}  // namespace stagepost
