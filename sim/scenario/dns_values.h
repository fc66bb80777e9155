// Zones of name servers, as a scenario writes them.
#ifndef STAGEPOST_SIM_SCENARIO_DNS_VALUES_H_
#define STAGEPOST_SIM_SCENARIO_DNS_VALUES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sim/scenario/scenario.pb.h"
#include "sim/world/dns_zones.h"

namespace stagepost {

// "MX", "TYPE65280". Errors, here and below, are a phrase that fits after `field "x": `.
absl::StatusOr<DnsType> ParseDnsType(absl::string_view text);

// "SERVFAIL", "timeout", ...
absl::StatusOr<DnsFault> ParseDnsFault(absl::string_view text);

// A name that DNS can have.
absl::Status CheckDnsName(absl::string_view text);

// The fields of a ResourceRecord that have a meaning in a record of this type; the first is needed.
std::vector<std::string> DnsFieldsOf(DnsType type);

// REQUIRES: checked by the loader.
DnsZone BuildDnsZone(const scenario::Zone& zone);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_SCENARIO_DNS_VALUES_H_
