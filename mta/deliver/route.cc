#include "mta/deliver/route.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/sysexits.h"
#include "mta/cf/names.h"
#include "mta/cf/options.h"
#include "mta/dns/address_text.h"
#include "mta/dns/dns_search.h"
#include "mta/dns/host_lookup.h"
#include "mta/dns/services_file.h"
#include "mta/dns/text_file.h"

namespace stagepost {
namespace {

constexpr uint16_t kSmtpPort = 25;

// The file as it was one look-up ago is good enough for one mailer; it is small, and seldom asked.
constexpr char kServicesFile[] = "/etc/services";

std::string MacroText(Site& site, char name) {
  const Configuration& configuration = site.configuration();
  const Text* const text = configuration.macros.Find(OneCharacterName(name));
  if (text == nullptr) return "";
  return configuration.macros.ExpandToString(*text, configuration.names).value_or("");
}

bool IsOwnName(Site& site, absl::string_view name) {
  return site.configuration().classes.Contains(OneCharacterName('w'), name);
}

// One host of a list.
struct ListedHost {
  absl::string_view name;
  bool shares = false;  // ',' stands before it: its list of hosts is put into that of the last one
};

// Separators in brackets belong to an address.
std::vector<ListedHost> SplitHosts(absl::string_view list) {
  std::vector<ListedHost> hosts;
  bool shares = false;
  while (!list.empty() && hosts.size() < kMaxRouteHosts) {
    size_t end = 0;
    for (bool brackets = false; end < list.size(); ++end) {
      if (list[end] == '[') brackets = true;
      if (list[end] == ']') brackets = false;
      if (!brackets && (list[end] == ':' || list[end] == ',')) break;
    }
    if (end > 0) hosts.push_back({list.substr(0, end), shares && !hosts.empty()});
    shares = end < list.size() && list[end] == ',';
    list.remove_prefix(std::min(list.size(), end + 1));
  }
  return hosts;
}

DeliveryResult HostUnknown(absl::string_view host, absl::string_view what) {
  DeliveryResult result = ResultOfExitCode(kExitNoHost, "", "");
  if (!what.empty()) {
    absl::StrAppend(&result.stat, " (Name server: ", OneLine(host), ": ", what, ")");
  }
  return result;
}

DeliveryResult NoNameServer(absl::string_view dsn, absl::string_view host) {
  return Deferred(dsn, absl::StrCat("Name server: ", host, ": host name lookup failure"));
}

class RouteFinder {
 public:
  RouteFinder(Site& site, const Mailer& mailer)
      : site_(site), options_(site.configuration().options), looks_up_mx_(!mailer.Has('0')) {}

  Task<Route> Find(absl::string_view list) {
    for (const ListedHost& host : SplitHosts(list)) {
      if (!host.shares) TakeGroup();
      group_shared_ = group_shared_ || host.shares;
      co_await Add(host.name);
    }
    TakeGroup();
    if (route_.hosts.empty()) Unusable(std::string(list), HostUnknown(list, ""));
    TakeGroup();
    route_.smart_host = options_.Text(OptionId::kFallbackSmartHost);
    co_return std::move(route_);
  }

 private:
  // Behind all MX records there can be.
  static constexpr uint32_t kFallbackRank = 1 << 16;
  static constexpr uint32_t kGroupRanks = 1 << 18;

  struct Entry {
    std::string host;
    uint32_t rank = 0;
    uint64_t draw = 0;
    size_t number = 0;

    auto order() const { return std::tuple(rank, draw, number); }
  };

  // Puts the hosts in line that have been found since the last ':'.
  void TakeGroup() {
    for (size_t i = 0; i < group_.size(); ++i) {
      group_[i].number = i;
      // Within one MX list it has been drawn already.
      if (group_shared_) group_[i].draw = site_.env().random().Uniform(kGroupRanks);
    }
    std::sort(group_.begin(), group_.end(),
              [](const Entry& a, const Entry& b) { return a.order() < b.order(); });
    for (Entry& entry : group_) {
      if (route_.hosts.size() == kMaxRouteHosts) break;
      route_.hosts.push_back(std::move(entry.host));
      route_.ranks.push_back(base_ + entry.rank);
    }
    group_.clear();
    group_shared_ = false;
    base_ += kGroupRanks;
  }

  void Take(std::string host, uint32_t rank = 0) {
    if (group_.size() < kMaxRouteHosts) group_.push_back({std::move(host), rank});
  }

  void Unusable(std::string host, DeliveryResult result, std::string transcript = "",
                bool final = false) {
    route_.unusable[host] = {std::move(result), std::move(transcript), final};
    Take(std::move(host));
  }

  Task<MxAnswer> Ask(absl::string_view host, bool drop_local_host) {
    const std::string domain = MacroText(site_, 'm');
    const auto is_local = [this](absl::string_view name) { return IsOwnName(site_, name); };
    co_return co_await site_.hosts().MailExchangers(
        host, is_local, {.drop_local_host = drop_local_host, .own_domain = domain});
  }

  Task<void> Add(absl::string_view host) {
    if (!looks_up_mx_) {
      Take(std::string(host));
      co_return;
    }
    const MxAnswer answer = co_await Ask(host, true);
    if (answer.null_mx) {
      DeliveryResult result = ResultOfExitCode(kExitUnavailable, "", "");
      result.line_dsn = std::exchange(result.dsn, "5.1.10");
      result.diagnostic = "556 Host does not accept mail: MX 0 .";
      Unusable(std::string(host), std::move(result), "", true);
      co_return;
    }
    for (const MxHost& mx : answer.hosts) Take(mx.name, mx.preference);
    if (answer.saw_local_host) {
      // A fallback might be meant for mail to this very host, and send it back.
      if (answer.hosts.empty()) co_await LeadsBack(host);
      co_return;
    }
    const bool fallback = co_await AddFallback();
    if (!answer.hosts.empty() || fallback) co_return;
    if (answer.status == LookupStatus::kTemporary && !HasFallback()) {
      Unusable(std::string(host), NoNameServer("4.0.0", host));
    } else if (answer.status == LookupStatus::kNotFound) {
      // That it does not exist is known from the search for MX records; reports say so.
      DeliveryResult unknown = HostUnknown(host, "host not found");
      unknown.diagnostic = "550 Host unknown";
      Unusable(std::string(host), std::move(unknown));
    } else {
      Take(std::string(host));
    }
  }

  // Nobody is better than this host, which has no use for the mail.
  Task<void> LeadsBack(absl::string_view host) {
    if (options_.Flag(OptionId::kTryNullMXList)) {
      const RouteAddresses found = co_await AddressesOf(site_, host);
      if (!found.addresses.empty()) {
        Take(std::string(host));
        co_return;
      }
    }
    std::string error =
        absl::StrCat("MX list for ", host, " points back to ", MacroText(site_, 'j'));
    std::string transcript = absl::StrCat("554 5.0.0 ", error, "\n");
    route_.system_errors.push_back(std::move(error));
    Unusable(std::string(host), ResultOfExitCode(kExitConfiguration, "", ""), std::move(transcript),
             true);
  }

  bool HasFallback() const {
    const std::string& fallback = options_.Text(OptionId::kFallbackMXhost);
    return !fallback.empty() && !IsOwnName(site_, fallback);
  }

  // Whether it has any host.
  Task<bool> AddFallback() {
    if (!HasFallback()) co_return false;
    const std::string& fallback = options_.Text(OptionId::kFallbackMXhost);
    if (fallback[0] == '[') {
      Take(fallback, kFallbackRank);
      co_return true;
    }
    const MxAnswer answer = co_await Ask(fallback, false);
    if (answer.null_mx) co_return false;
    for (const MxHost& mx : answer.hosts) Take(mx.name, kFallbackRank + mx.preference);
    co_return !answer.hosts.empty();
  }

  Site& site_;
  const Options& options_;
  const bool looks_up_mx_;
  std::vector<Entry> group_;
  bool group_shared_ = false;  // several domains are in it
  uint32_t base_ = 0;
  Route route_;
};

RouteAddresses OneAddress(const IpAddress& address) {
  RouteAddresses found;
  found.addresses.push_back(address);
  return found;
}

DeliveryResult FailureOf(DnsOutcome outcome, absl::string_view host) {
  switch (outcome) {
    case DnsOutcome::kTryAgain:
      return NoNameServer("4.4.3", host);
    case DnsOutcome::kNoData:
      return HostUnknown(host, "no data known");
    case DnsOutcome::kNoRecovery:
      return HostUnknown(host, "non-recoverable error");
    default:
      return HostUnknown(host, "host not found");
  }
}

bool WorksAroundBrokenAaaa(const Options& options) {
  const auto found = options.resolver().find("workaroundbrokenaaaa");
  return found != options.resolver().end() && found->second;
}

}  // namespace

Task<Route> FindRoute(Site& site, const Mailer& mailer, absl::string_view host) {
  RouteFinder finder(site, mailer);
  co_return co_await finder.Find(host);
}

Task<RouteAddresses> AddressesOf(Site& site, absl::string_view host) {
  RouteAddresses found;
  absl::string_view name = host;
  if (absl::ConsumePrefix(&name, "[")) {
    if (!absl::StrContains(name, ']')) {
      found.failure = HostUnknown(host, "");
      co_return found;
    }
    name = name.substr(0, name.find(']'));
  }
  // In the place of the name of an MX record, an address has a dot at its end.
  const auto text = ParseAddressText(absl::StripSuffix(name, "."));
  if (text.has_value()) co_return OneAddress(*text);
  FamilyAddresses v6 = co_await site.hosts().AddressesByName(name, DnsType::kAaaa);
  found.addresses = std::move(v6.addresses);
  if (v6.outcome == DnsOutcome::kTryAgain && !WorksAroundBrokenAaaa(site.configuration().options)) {
    found.failure = FailureOf(v6.outcome, host);
    co_return found;
  }
  const FamilyAddresses v4 = co_await site.hosts().AddressesByName(name, DnsType::kA);
  if (v4.outcome == DnsOutcome::kFound) {
    found.addresses.insert(found.addresses.end(), v4.addresses.begin(), v4.addresses.end());
  } else if (found.addresses.empty() || v4.outcome == DnsOutcome::kTryAgain) {
    found.failure = FailureOf(v4.outcome, host);
  }
  if (found.addresses.size() > kMaxHostAddresses) found.addresses.resize(kMaxHostAddresses);
  co_return found;
}

Task<absl::StatusOr<MailerPort>> PortOf(Site& site, const Mailer& mailer, const Macros& macros) {
  std::vector<std::string> words;
  for (const Text& argument : mailer.arguments) {
    words.push_back(macros.ExpandToString(argument, site.configuration().names).value_or(""));
  }
  if (!words.empty() && absl::EqualsIgnoreCase(words[0], "FILE")) {
    co_return absl::FailedPreconditionError("A=FILE: local sockets are not supported");
  }
  MailerPort port;
  if (words.size() < 3) co_return port;
  const absl::string_view word = words[2];
  uint32_t number = 0;
  if (absl::SimpleAtoi(word.substr(0, word.find_first_not_of("0123456789")), &number) &&
      number > 0 && number <= UINT16_MAX) {
    port.number = static_cast<uint16_t>(number);
    co_return port;
  }
  TextFile services(site.env(), kServicesFile);
  co_await services.Refresh();
  const std::optional<uint16_t> known = FindTcpService(services.text().value_or(""), word);
  if (!known.has_value()) port.system_error = absl::StrCat("Service ", word, " unknown");
  port.number = known.value_or(kSmtpPort);
  co_return port;
}

}  // namespace stagepost
