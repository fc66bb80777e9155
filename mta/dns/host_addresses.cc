// Hosts by name and by address, as the C library looks them up.
#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "mta/dns/address_text.h"
#include "mta/dns/host_lookup.h"
#include "mta/dns/service_switch.h"

namespace stagepost {
namespace {

// Of one host; the rest is not looked at.
constexpr size_t kMaxAliases = 1000;

void TakeAlias(const std::string& name, HostAddresses& host) {
  std::vector<std::string>& aliases = host.aliases;
  if (name == host.name || aliases.size() == kMaxAliases) return;
  if (std::find(aliases.begin(), aliases.end(), name) == aliases.end()) aliases.push_back(name);
}

// The names of a line: its first is the canonical one.
void TakeNames(const HostsLine& line, HostAddresses& host) {
  host.status = LookupStatus::kFound;
  if (host.name.empty()) host.name = line.names[0];
  for (const std::string& name : line.names) TakeAlias(name, host);
}

bool IsNamed(const HostsLine& line, absl::string_view name) {
  return std::any_of(line.names.begin(), line.names.end(),
                     [&](const auto& each) { return absl::EqualsIgnoreCase(each, name); });
}

// Addresses of one type, and the names that the answer leads through.
void TakeAnswer(const DnsAnswer& answer, DnsType type, HostAddresses& host) {
  for (const DnsRecord& record : answer.records) {
    if (record.type == DnsType::kCname) {
      TakeAlias(record.owner, host);
    } else if (record.type == type) {
      host.name = record.owner;
      host.addresses.push_back(record.address);
      host.status = LookupStatus::kFound;
    }
  }
}

}  // namespace

Task<HostAddresses> HostLookup::ByName(absl::string_view name, FilesSeen* seen) {
  HostAddresses host;
  if (const std::optional<IpAddress> address = ParseAddressText(name); address.has_value()) {
    host.status = LookupStatus::kFound;
    host.name = std::string(name);
    host.addresses = {*address};
    co_return host;
  }
  co_await RefreshNameService(seen);
  bool temporary = false;
  for (const std::string& source : NameServiceSources(name_service_.text(), "hosts")) {
    if (source == "files") {
      co_await RefreshHosts(seen);
      for (const HostsLine& line : hosts_lines_) {
        const std::optional<IpAddress> address = IpAddress::Parse(line.address);
        if (!address.has_value() || !IsNamed(line, absl::StripSuffix(name, "."))) continue;
        TakeNames(line, host);
        host.addresses.push_back(*address);
      }
    } else {
      for (const DnsType type : {DnsType::kA, DnsType::kAaaa}) {
        const DnsSearchResult result = co_await Search(name, type, true);
        temporary = temporary || result.outcome == DnsOutcome::kTryAgain;
        host.cancelled = host.cancelled || result.cancelled;
        if (result.outcome == DnsOutcome::kFound) TakeAnswer(result.answer, type, host);
      }
    }
    if (host.status == LookupStatus::kFound) {
      host.cancelled = false;
      co_return host;
    }
  }
  if (temporary) host.status = LookupStatus::kTemporary;
  co_return host;
}

Task<FamilyAddresses> HostLookup::AddressesByName(absl::string_view name, DnsType family) {
  FamilyAddresses found;
  if (absl::StripSuffix(name, ".").empty()) {
    found.outcome = DnsOutcome::kNoRecovery;
    co_return found;
  }
  co_await name_service_.Refresh();
  for (const std::string& source : NameServiceSources(name_service_.text(), "hosts")) {
    if (source == "files") {
      co_await RefreshHosts();
      for (const HostsLine& line : hosts_lines_) {
        const std::optional<IpAddress> address = IpAddress::Parse(line.address);
        if (!address.has_value() || address->is_v4() != (family == DnsType::kA)) continue;
        if (IsNamed(line, absl::StripSuffix(name, "."))) found.addresses.push_back(*address);
      }
    } else {
      const DnsSearchResult result = co_await Search(name, family, true);
      found.outcome = result.outcome;
      for (const DnsRecord& record : result.answer.records) {
        if (record.type == family) found.addresses.push_back(record.address);
      }
      // CNAMEs that lead to nothing.
      if (found.outcome == DnsOutcome::kFound) found.outcome = DnsOutcome::kNoData;
    }
    if (!found.addresses.empty()) {
      found.outcome = DnsOutcome::kFound;
      break;
    }
  }
  co_return found;
}

Task<HostAddresses> HostLookup::ByAddress(const IpAddress& address, FilesSeen* seen) {
  HostAddresses host;
  host.addresses = {address};
  co_await RefreshNameService(seen);
  bool temporary = false;
  for (const std::string& source : NameServiceSources(name_service_.text(), "hosts")) {
    if (source == "files") {
      co_await RefreshHosts(seen);
      const auto line =
          std::find_if(hosts_lines_.begin(), hosts_lines_.end(),
                       [&](const auto& each) { return IpAddress::Parse(each.address) == address; });
      if (line != hosts_lines_.end()) TakeNames(*line, host);
    } else {
      const DnsSearchResult result =
          co_await DnsQuery(env_.resolver(), ReverseName(address), "", DnsType::kPtr);
      temporary = temporary || result.outcome == DnsOutcome::kTryAgain;
      host.cancelled = result.cancelled;
      for (const DnsRecord& record : result.answer.records) {
        if (record.type != DnsType::kPtr) continue;
        if (host.name.empty()) {
          host.name = record.name;
        } else {
          host.aliases.push_back(record.name);
        }
        host.status = LookupStatus::kFound;
      }
    }
    if (host.status == LookupStatus::kFound) {
      host.cancelled = false;
      co_return host;
    }
  }
  if (temporary) host.status = LookupStatus::kTemporary;
  co_return host;
}

Task<CanonicalName> HostLookup::InBrackets(absl::string_view name) {
  CanonicalName answer;
  answer.name = std::string(name);
  const size_t end = name.find(']');
  if (end == absl::string_view::npos) co_return answer;
  const std::optional<IpAddress> address = ParseAddressText(name.substr(1, end - 1));
  if (!address.has_value()) co_return answer;
  const HostAddresses host = co_await ByAddress(*address);
  answer.status = host.status;
  answer.cancelled = host.cancelled;
  if (host.status == LookupStatus::kFound) answer.name = host.name;
  co_return answer;
}

}  // namespace stagepost
