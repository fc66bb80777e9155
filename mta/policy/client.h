// Who is at the other end of a connection, as rules and log lines see it.
// Operations Guide, 5.2 (client_addr, client_name, client_ptr, client_resolve, $_).
#ifndef STAGEPOST_MTA_POLICY_CLIENT_H_
#define STAGEPOST_MTA_POLICY_CLIENT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/cf/macros.h"
#include "mta/cf/port_options.h"
#include "mta/dns/host_lookup.h"
#include "mta/env/network.h"

namespace stagepost {

// ${client_resolve}.
enum class ClientResolution { kOk, kFail, kForged, kTemporary };

struct Client {
  SocketAddress address;   // the peer's; never an IPv4 address mapped into IPv6
  SocketAddress local;     // ours of this connection, likewise
  std::string local_name;  // ${if_name}: its name, or the address in brackets
  // ${client_name}: "host.outside.example", or the address in brackets if no name is known to be
  // its own.
  std::string name;
  // ${client_ptr}: what its PTR record says, whether or not that name leads back.
  std::string ptr;
  ClientResolution resolution = ClientResolution::kOk;
  // Standard input of -bs: no network peer. See LocalProcessClient().
  bool is_local_process = false;

  // ${client_addr}: "192.0.2.33", "IPv6:2001:db8:0:0:0:0:0:1"; "0" for a local process.
  std::string address_text() const;
  // $_ and relay=: "host.outside.example [192.0.2.33]", "[192.0.2.77]",
  // "fake.example [192.0.2.88] (may be forged)".
  std::string relay() const;
};

// Looks the name up (PTR, then the name's addresses), with /etc/hosts and the service switch as
// the site has them. An error of DNS is a resolution, not an error.
Task<Client> IdentifyClient(HostLookup& hosts, SocketAddress peer, SocketAddress local);

// IPv4 clients of a port of all IPv6 addresses come with addresses mapped into IPv6; here they are
// IPv4 again. Others stay as they are.
IpAddress Unmapped(const IpAddress& address);

// Whoever started sendmail -bs: `user` is the login name that $_ begins with.
Client LocalProcessClient(absl::string_view user);

// Defines $_, client_addr, client_name, client_port, client_ptr, client_resolve, if_addr, if_name
// and if_family, $s not (HELO does), as sendmail does for a new connection.
void DefineClientMacros(const Client& client, Macros& macros);

// Defines daemon_name, daemon_addr, daemon_port, daemon_family, daemon_flags and daemon_info for a
// client of this port.
void DefinePortMacros(const PortOptions& port, Macros& macros);

absl::string_view ResolutionName(ClientResolution resolution);  // "OK", "FAIL", "FORGED", "TEMP"

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POLICY_CLIENT_H_
