#include "sim/scenario/dns_values.h"

#include <cstdint>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/dns/name.h"
#include "sim/scenario/suggest.h"
#include "sim/scenario/values.h"
#include "sim/trace/one_line.h"

namespace stagepost {
namespace {

constexpr std::pair<absl::string_view, DnsType> kTypes[] = {
    {"A", DnsType::kA},      {"AAAA", DnsType::kAaaa},   {"MX", DnsType::kMx},
    {"NS", DnsType::kNs},    {"CNAME", DnsType::kCname}, {"PTR", DnsType::kPtr},
    {"TXT", DnsType::kTxt},  {"SRV", DnsType::kSrv},     {"SOA", DnsType::kSoa},
    {"TLSA", DnsType::kTlsa}};

constexpr std::pair<absl::string_view, DnsFault> kFaults[] = {
    {"NXDOMAIN", DnsFault::kNxDomain},   {"NODATA", DnsFault::kNoData},
    {"FORMERR", DnsFault::kFormErr},     {"SERVFAIL", DnsFault::kServFail},
    {"NOTIMP", DnsFault::kNotImp},       {"REFUSED", DnsFault::kRefused},
    {"timeout", DnsFault::kTimeOut},     {"lame", DnsFault::kLame},
    {"truncated", DnsFault::kTruncated}, {"malformed", DnsFault::kMalformed}};

template <class T, size_t size>
absl::StatusOr<T> Lookup(const std::pair<absl::string_view, T> (&table)[size],
                         absl::string_view text, absl::string_view what) {
  std::vector<std::string> known;
  for (const auto& [name, value] : table) {
    if (name == text) return value;
    known.emplace_back(name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", OneLine(text, 60), "\" is no ", what, DidYouMean(text, known)));
}

DnsBehaviour BehaviourOf(const std::string& fails, const std::string& delay) {
  DnsBehaviour behaviour;
  if (!fails.empty()) behaviour.fault = *ParseDnsFault(fails);
  if (!delay.empty()) behaviour.delay = *ParseScenarioDuration(delay);
  return behaviour;
}

// In the world, the root is "".
std::string NameOf(const std::string& text) { return std::string(absl::StripSuffix(text, ".")); }

DnsRecord BuildRecord(const scenario::ResourceRecord& from, const std::string& zone) {
  DnsRecord record;
  record.owner = from.has_name() ? NameOf(from.name()) : zone;
  record.type = *ParseDnsType(from.type());
  record.ttl = *ParseScenarioDuration(from.ttl());
  if (from.has_address()) record.address = *IpAddress::Parse(from.address());
  record.preference = static_cast<uint16_t>(from.preference());
  record.weight = static_cast<uint16_t>(from.weight());
  record.port = static_cast<uint16_t>(from.port());
  record.name = NameOf(from.target());
  record.text.assign(from.text().begin(), from.text().end());
  record.rdata = from.data();
  return record;
}

}  // namespace

absl::StatusOr<DnsType> ParseDnsType(absl::string_view text) {
  absl::string_view number = text;
  uint32_t value = 0;
  if (absl::ConsumePrefix(&number, "TYPE") && absl::SimpleAtoi(number, &value) && value > 0 &&
      value <= UINT16_MAX && value != static_cast<uint32_t>(DnsType::kAny)) {
    return static_cast<DnsType>(value);
  }
  return Lookup(kTypes, text, "type of a record");
}

absl::StatusOr<DnsFault> ParseDnsFault(absl::string_view text) {
  return Lookup(kFaults, text, "failure of DNS");
}

absl::Status CheckDnsName(absl::string_view text) {
  const absl::Status status = DnsNameToWire(text).status();
  if (status.ok()) return status;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", OneLine(text, 60), "\" is ", status.message()));
}

std::vector<std::string> DnsFieldsOf(DnsType type) {
  switch (type) {
    case DnsType::kA:
    case DnsType::kAaaa:
      return {"address"};
    case DnsType::kMx:
      return {"target", "preference"};
    case DnsType::kNs:
    case DnsType::kCname:
    case DnsType::kPtr:
      return {"target"};
    case DnsType::kSrv:
      return {"target", "preference", "weight", "port"};
    case DnsType::kTxt:
      return {"text"};
    default:
      return {"data"};
  }
}

DnsZone BuildDnsZone(const scenario::Zone& from) {
  DnsZone zone;
  zone.name = NameOf(from.name());
  zone.authenticated = from.authenticated();
  zone.negative_ttl = *ParseScenarioDuration(from.negative_ttl());
  zone.behaviour = BehaviourOf(from.fails(), from.delay());
  for (const scenario::Trouble& trouble : from.trouble()) {
    zone.names[NameOf(trouble.name())] = BehaviourOf(trouble.fails(), trouble.delay());
  }
  for (const scenario::ResourceRecord& record : from.record()) {
    zone.records.push_back(BuildRecord(record, zone.name));
  }
  return zone;
}

}  // namespace stagepost
