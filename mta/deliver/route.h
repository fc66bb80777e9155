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
  // As log lines name them: "mail.corp.example.", "[192.0.2.1]". Not empty unless `failure`.
  std::vector<std::string> hosts;
  // What each of `hosts` is worth, the first the best: hosts of the same rank were put in order by
  // chance, and one that there is an open connection to may go in front of the others.
  std::vector<uint32_t> ranks;
  // Why there is none: a list that leads back to this host, a host that takes no mail, no name
  // server. What log lines name as relay= then is `failed_host`.
  std::optional<DeliveryResult> failure;
  std::string failed_host;
  // The configuration is to blame: "MX list for x points back to y". It belongs into the log
  // ("SYSERR(root): …"), and is the postmaster's business. Usually empty.
  std::string system_error;
  // What a bounce's transcript says of the failure, system_error included. Lines with their ends.
  std::string transcript;
};

// `host` is $h: a name, an address or name in brackets (which has no MX records), or several of
// them with ':' between, or ',' (which share the load). Equal preferences are drawn.
Task<Route> FindRoute(Site& site, const Mailer& mailer, absl::string_view host);

struct RouteAddresses {
  // In the order in which they are tried, IPv6 first; empty only with `failure`.
  std::vector<IpAddress> addresses;
  std::optional<DeliveryResult> failure;  // as Route's: of this host only
};

// The addresses of one of Route::hosts.
Task<RouteAddresses> AddressesOf(Site& site, absl::string_view host);

// The port of A= ("TCP $h 2525", "TCP $h submission"; a name is looked up in /etc/services), 25 if
// it names none or one that there is not. kFailedPrecondition: A=FILE, a socket in the file system,
// which is not supported.
Task<absl::StatusOr<uint16_t>> PortOf(Site& site, const Mailer& mailer, const Macros& macros);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_ROUTE_H_
