// The rules of what name servers answer.

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "mta/dns/name.h"
#include "mta/env/network.h"
#include "sim/scenario/dns_values.h"
#include "sim/scenario/validator_walk.h"
#include "sim/scenario/values.h"
#include "sim/trace/one_line.h"

namespace stagepost {
namespace {

constexpr size_t kMaxText = 255;                // RFC 1035, section 3.3
constexpr int64_t kMaxTtlSeconds = 0x7fffffff;  // RFC 2181, section 8

bool IsInZone(const std::string& name, const std::string& zone) {
  const std::string inner = CanonicalDnsName(name), outer = CanonicalDnsName(zone);
  return outer.empty() || inner == outer || absl::EndsWith(inner, absl::StrCat(".", outer));
}

std::string Outside(const std::string& name, const std::string& zone) {
  return absl::StrCat("\"", OneLine(name, 60), "\" is not in the zone \"", OneLine(zone, 60), "\"");
}

}  // namespace

bool ScenarioValidator::WorldDnsRule(const ScenarioNode& node) {
  const auto& dns = static_cast<const scenario::Dns&>(node.message);
  std::set<std::string> names;
  for (int i = 0; i < dns.zone_size(); ++i) {
    const std::string& name = dns.zone(i).name();
    // A missing name is said to be missing, not to be double.
    if (!name.empty() && !names.insert(CanonicalDnsName(name)).second) {
      return Fail(node, "zone", absl::StrCat("a second zone \"", OneLine(name, 60), "\""), i);
    }
  }
  return true;
}

bool ScenarioValidator::ZoneRule(const ScenarioNode& node) {
  const auto& zone = static_cast<const scenario::Zone&>(node.message);
  for (int i = 0; i < zone.record_size(); ++i) {
    const scenario::ResourceRecord& record = zone.record(i);
    if (record.has_name() && !IsInZone(record.name(), zone.name())) {
      return Fail(node, "record", Outside(record.name(), zone.name()), i);
    }
  }
  for (int i = 0; i < zone.trouble_size(); ++i) {
    const scenario::Trouble& trouble = zone.trouble(i);
    if (trouble.has_name() && !IsInZone(trouble.name(), zone.name())) {
      return Fail(node, "trouble", Outside(trouble.name(), zone.name()), i);
    }
    if (!trouble.has_fails() && !trouble.has_delay()) {
      return Fail(node, "trouble", "needs fails or delay", i);
    }
  }
  return true;
}

bool ScenarioValidator::ResourceRecordRule(const ScenarioNode& node) {
  const auto& record = static_cast<const scenario::ResourceRecord&>(node.message);
  const DnsType type = *ParseDnsType(record.type());
  const std::vector<std::string> fields = DnsFieldsOf(type);
  std::vector<const google::protobuf::FieldDescriptor*> given;
  record.GetReflection()->ListFields(record, &given);
  std::set<std::string> names;
  for (const auto* field : given) names.insert(field->name());
  if (!names.contains(fields[0])) {
    return FailWhole(node, absl::StrCat("a record of type ", record.type(), " needs ", fields[0]));
  }
  for (const std::string& name : names) {
    if (name == "name" || name == "type" || name == "ttl") continue;
    if (std::find(fields.begin(), fields.end(), name) == fields.end()) {
      return Fail(node, name, absl::StrCat("a record of type ", record.type(), " has none"));
    }
  }
  if (fields[0] == "address") {
    const auto address = IpAddress::Parse(record.address());
    if (!address.has_value() || address->is_v4() != (type == DnsType::kA)) {
      return Fail(node, "address",
                  absl::StrCat("\"", OneLine(record.address(), 60), "\" is no ",
                               type == DnsType::kA ? "IPv4" : "IPv6", " address"));
    }
  }
  return RecordFieldsFit(node, record);
}

bool ScenarioValidator::RecordFieldsFit(const ScenarioNode& node,
                                        const scenario::ResourceRecord& record) {
  for (int i = 0; i < record.text_size(); ++i) {
    if (record.text(i).size() > kMaxText) {
      return Fail(node, "text", "a text has at most 255 bytes", i);
    }
  }
  if (record.preference() > UINT16_MAX) return Fail(node, "preference", "is at most 65535");
  if (record.weight() > UINT16_MAX) return Fail(node, "weight", "is at most 65535");
  if (record.port() > UINT16_MAX) return Fail(node, "port", "is at most 65535");
  if (record.data().size() > UINT16_MAX) return Fail(node, "data", "has at most 65535 bytes");
  const absl::Duration ttl = *ParseScenarioDuration(record.ttl());
  if (absl::Trunc(ttl, absl::Seconds(1)) != ttl || ttl > absl::Seconds(kMaxTtlSeconds)) {
    return Fail(node, "ttl", "is whole seconds, at most 2147483647");
  }
  return true;
}

}  // namespace stagepost
