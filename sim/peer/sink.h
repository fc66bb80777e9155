// The sink: an SMTP server that takes all mail for its domains, for scenarios that watch what
// leaves a host. Other recipients get 550.
//
// A program of a simulated host, on port 25 of IPv4 and IPv6: `sink DOMAIN...`. It speaks just
// enough SMTP to be a next hop (EHLO, HELO, MAIL, RCPT, DATA, RSET, NOOP, QUIT) and knows nothing
// of the MTA's code, so that it can judge it. Each message becomes a file /var/sink/NNNNNN, whole
// and synced before the 250: the envelope as "MAIL …" and "RCPT …" lines as they were received, an
// empty line, and the message with CRLF line ends. A message that cannot be stored gets 451.
//
// Exit codes: 64 without a domain, 71 if the port is taken, 73 without /var/sink.
#ifndef STAGEPOST_SIM_PEER_SINK_H_
#define STAGEPOST_SIM_PEER_SINK_H_

#include "mta/env/environment.h"

namespace stagepost {

inline constexpr char kSinkDirectory[] = "/var/sink";

Task<int> SinkMain(Environment& env, Arguments arguments);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_PEER_SINK_H_
