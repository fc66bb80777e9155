// Where mail for a host goes: what rules put into $h of an [IPC] mailer, made into hosts in the
// order in which they are tried, and hosts into addresses. RFC 5321, section 5; RFC 7505;
// Operations Guide, 5.4 (mailer flags 0, k), 5.6 (FallbackMXhost, FallbackSmartHost,
// TryNullMXList, UseMSP excepted).
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
  // Why there is none: no such host, no name server, a list that leads back to this host, a host
  // that takes no mail.
  std::optional<DeliveryResult> failure;
  // What a bounce's transcript says of the failure beside its result: "554 5.0.0 MX list for …
  // points back to …". Lines with their ends.
  std::string transcript;
};

// `host` is $h: a name, an address or name in brackets (which has no MX records), or several of
// them with ':' between, or ',' (which share the load). Equal preferences are drawn.
Task<Route> FindRoute(Site& site, const Mailer& mailer, absl::string_view host);

struct RouteAddresses {
  // In the order in which they are tried; empty only with `failure`.
  std::vector<IpAddress> addresses;
  std::optional<DeliveryResult> failure;  // as Route's: of this host only
};

// The addresses of one of Route::hosts.
Task<RouteAddresses> AddressesOf(Site& site, absl::string_view host);

// The port of A= ("TCP $h 2525", "TCP $h submission"), 25 if it names none. kInvalidArgument: no
// such service; kFailedPrecondition: A=FILE, a socket in the file system, which is not supported.
absl::StatusOr<uint16_t> PortOf(Site& site, const Mailer& mailer, const Macros& macros);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_ROUTE_H_
