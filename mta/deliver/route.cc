#include "mta/deliver/route.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/base/sysexits.h"
#include "mta/cf/names.h"
#include "mta/dns/address_text.h"
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
  bool shares = false;  // ',' stands before it: as good as the one in front
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
    if (end > 0) hosts.push_back({list.substr(0, end), shares});
    shares = end < list.size() && list[end] == ',';
    list.remove_prefix(std::min(list.size(), end + 1));
  }
  return hosts;
}

class RouteFinder {
 public:
  RouteFinder(Site& site, const Mailer& mailer) : site_(site), looks_up_mx_(!mailer.Has('0')) {}

  Task<Route> Find(absl::string_view list) {
    const std::vector<ListedHost> hosts = SplitHosts(list);
    for (const ListedHost& host : hosts) {
      if (!host.shares) base_ = next_;
      co_await Add(host.name);
    }
    if (looks_up_mx_ && !leads_back_) co_await AddFallback();
    if (route_.hosts.empty()) {
      route_.failure = failure_.value_or(Deferred("4.4.3", ""));
      route_.failed_host = std::move(failed_host_);
      route_.system_error = std::move(system_error_);
    }
    co_return std::move(route_);
  }

 private:
  void Take(std::string host, uint32_t rank) {
    if (route_.hosts.size() == kMaxRouteHosts || host.empty()) return;
    next_ = std::max(next_, rank + 1);
    route_.hosts.push_back(std::move(host));
    route_.ranks.push_back(rank);
  }

  void Fail(absl::string_view host, DeliveryResult failure) {
    failed_host_ = std::string(host);
    failure_ = std::move(failure);
  }

  Task<MxAnswer> Ask(absl::string_view host) {
    const std::string domain = MacroText(site_, 'm');
    const auto is_local = [this](absl::string_view name) { return IsOwnName(site_, name); };
    co_return co_await site_.hosts().MailExchangers(host, is_local, {.own_domain = domain});
  }

  Task<void> Add(absl::string_view host) {
    if (!looks_up_mx_) {
      Take(std::string(host), base_);
      co_return;
    }
    const MxAnswer answer = co_await Ask(host);
    for (const MxHost& mx : answer.hosts) Take(mx.name, base_ + mx.preference);
    if (!answer.hosts.empty()) co_return;
    if (answer.null_mx) {
      DeliveryResult result = ResultOfExitCode(kExitUnavailable, "", "");
      result.dsn = "5.1.10";
      result.diagnostic = "556 Host does not accept mail: MX 0 .";
      route_.transcript = "554 5.0.0 Service unavailable\n";
      Fail(host, std::move(result));
    } else if (answer.saw_local_host) {
      LeadsBack(host);
    } else if (answer.status == LookupStatus::kTemporary) {
      Fail(host,
           Deferred("4.4.3", absl::StrCat("Name server: ", host, ": host name lookup failure")));
    } else {
      Take(std::string(host), base_);
    }
  }

  // Nobody is better than this host, which has no use for the mail.
  void LeadsBack(absl::string_view host) {
    if (site_.configuration().options.Flag(OptionId::kTryNullMXList)) {
      Take(std::string(host), base_);
      return;
    }
    leads_back_ = true;
    system_error_ = absl::StrCat("MX list for ", host, " points back to ", MacroText(site_, 'j'));
    route_.transcript =
        absl::StrCat("554 5.0.0 ", system_error_, "\n554 5.3.5 Local configuration error\n");
    Fail(host, ResultOfExitCode(kExitConfiguration, "", ""));
  }

  Task<void> AddFallback() {
    const std::string& fallback = site_.configuration().options.Text(OptionId::kFallbackMXhost);
    if (fallback.empty() || IsOwnName(site_, fallback)) co_return;
    base_ = next_;
    if (fallback[0] == '[') {
      Take(fallback, base_);
      co_return;
    }
    const MxAnswer answer = co_await Ask(fallback);
    for (const MxHost& mx : answer.hosts) Take(mx.name, base_ + mx.preference);
    if (answer.hosts.empty()) Take(fallback, base_);
  }

  Site& site_;
  const bool looks_up_mx_;
  uint32_t base_ = 0, next_ = 0;  // ranks
  Route route_;
  bool leads_back_ = false;
  std::string failed_host_, system_error_;
  std::optional<DeliveryResult> failure_;
};

RouteAddresses NoAddresses(DeliveryResult failure) {
  RouteAddresses found;
  found.failure = std::move(failure);
  return found;
}

DeliveryResult HostUnknown(absl::string_view host) {
  DeliveryResult result = ResultOfExitCode(kExitNoHost, "", "");
  absl::StrAppend(&result.stat, " (Name server: ", OneLine(host), ": host not found)");
  result.diagnostic = "550 Host unknown";
  return result;
}

}  // namespace

Task<Route> FindRoute(Site& site, const Mailer& mailer, absl::string_view host) {
  RouteFinder finder(site, mailer);
  co_return co_await finder.Find(host);
}

Task<RouteAddresses> AddressesOf(Site& site, absl::string_view host) {
  absl::string_view name = host;
  if (absl::ConsumePrefix(&name, "[")) {
    name = name.substr(0, name.find(']'));
    if (const std::optional<IpAddress> address = ParseAddressText(name); address.has_value()) {
      RouteAddresses found;
      found.addresses.push_back(*address);
      co_return found;
    }
  }
  HostAddresses answer = co_await site.hosts().ByName(name);
  // Names of MX records end in a dot, addresses in their place as well, and names in /etc/hosts
  // may be short.
  if (answer.status == LookupStatus::kNotFound && absl::ConsumeSuffix(&name, ".")) {
    answer = co_await site.hosts().ByName(name);
  }
  if (answer.status == LookupStatus::kTemporary) {
    co_return NoAddresses(
        Deferred("4.4.3", absl::StrCat("Name server: ", host, ": host name lookup failure")));
  }
  if (answer.addresses.empty()) co_return NoAddresses(HostUnknown(host));
  RouteAddresses found;
  for (const bool v4 : {false, true}) {
    for (const IpAddress& address : answer.addresses) {
      if (address.is_v4() == v4) found.addresses.push_back(address);
    }
  }
  if (found.addresses.size() > kMaxHostAddresses) found.addresses.resize(kMaxHostAddresses);
  co_return found;
}

Task<absl::StatusOr<uint16_t>> PortOf(Site& site, const Mailer& mailer, const Macros& macros) {
  std::vector<std::string> words;
  for (const Text& argument : mailer.arguments) {
    words.push_back(macros.ExpandToString(argument, site.configuration().names).value_or(""));
  }
  if (!words.empty() && absl::EqualsIgnoreCase(words[0], "FILE")) {
    co_return absl::FailedPreconditionError("A=FILE: local sockets are not supported");
  }
  if (words.size() < 3) co_return kSmtpPort;
  uint32_t number = 0;
  if (absl::SimpleAtoi(words[2], &number) && number > 0 && number <= UINT16_MAX) {
    co_return static_cast<uint16_t>(number);
  }
  TextFile services(site.env().files(), kServicesFile);
  co_await services.Refresh();
  co_return FindTcpService(services.text().value_or(""), words[2]).value_or(kSmtpPort);
}

}  // namespace stagepost
