// Where mail for a host goes: what rules put into $h of an [IPC] mailer, made into hosts in the
// order in which they are tried, and hosts into addresses. RFC 5321, section 5; RFC 7505;
// Operations Guide, 5.3 (lists of hosts), 5.4 (mailer flags 0, k), 5.6 (FallbackMXhost,
// FallbackSmartHost, TryNullMXList).
//
//   Route route = co_await FindRoute(site, mailer, "corp.example.");
//   for (const std::string& host : route.hosts) {
//     RouteAddresses found = co_await AddressesOf(site, host);
//     … connect to found.addresses, in their order …
//   }
//
// A host that does not exist is a host of the route: that its addresses cannot be found tells.
#ifndef STAGEPOST_MTA_DELIVER_ROUTE_H_
#define STAGEPOST_MTA_DELIVER_ROUTE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/cf/configuration.h"
#include "mta/cf/macros.h"
#include "mta/deliver/delivery_result.h"
#include "mta/env/network.h"
#include "mta/site/site.h"

namespace stagepost {

// Hosts that are tried for one destination: the rest of a longer list is not looked at.
inline constexpr size_t kMaxRouteHosts = 100;
// Addresses of one host that are tried.
inline constexpr size_t kMaxHostAddresses = 32;

struct Route {
  // As log lines name them: "mail.corp.example.", "[192.0.2.1]". At least one.
  std::vector<std::string> hosts;
  // What each of `hosts` is worth, the first the best: hosts of the same rank were put in order by
  // chance, and one that there is an open connection to may go in front of the others.
  std::vector<uint32_t> ranks;

  // Why one of `hosts` is not asked at all.
  struct Unusable {
    DeliveryResult result;
    // What a bounce's transcript says of it before the result. Lines with their ends.
    std::string transcript;
    bool final = false;  // FallbackSmartHost does not help, either
  };
  // By host: those that do not exist, that no name server knows for the moment, that take no mail,
  // and that would lead back to this host.
  std::map<std::string, Unusable> unusable;

  // FallbackSmartHost: tried after each host that has failed, without a look at its MX records;
  // empty: there is none.
  std::string smart_host;

  // The configuration is to blame: "MX list for x points back to y". They belong into the log
  // ("SYSERR(root): …"), and are the postmaster's business.
  std::vector<std::string> system_errors;
};

// `host` is $h: a name, an address or name in brackets (which has no MX records), or several of
// them with ':' between, or ',' (whose MX records are one list). Equal preferences are drawn.
Task<Route> FindRoute(Site& site, const Mailer& mailer, absl::string_view host);

struct RouteAddresses {
  // In the order in which they are tried: IPv6 first, as sendmail has it.
  std::vector<IpAddress> addresses;
  // What has become of the host if none of `addresses` answers. Always there if they are empty;
  // otherwise there may be more that nobody can tell for the moment.
  std::optional<DeliveryResult> failure;
};

// The addresses of one of Route::hosts. What cannot be looked up is known for IPv6 before IPv4 is
// asked for, and without WorkAroundBrokenAAAA that is a reason to wait.
Task<RouteAddresses> AddressesOf(Site& site, absl::string_view host);

struct MailerPort {
  uint16_t number = 25;
  std::string system_error;  // "Service x unknown": for the log; usually empty
};

// The port of A= ("TCP $h 2525", "TCP $h submission"; a name is looked up in /etc/services), 25 if
// it names none or one that there is not. kFailedPrecondition: A=FILE, a socket in the file system,
// which is not supported.
Task<absl::StatusOr<MailerPort>> PortOf(Site& site, const Mailer& mailer, const Macros& macros);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_ROUTE_H_
