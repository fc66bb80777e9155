// The sink: an SMTP or LMTP server that takes mail for its domains, for scenarios that watch what
// leaves a host; and that can be told to be sloppy, slow, mean or broken.
//
// A program of a simulated host: `sink DOMAIN...`, or `sink -c FILE` with a Sink of scenario.proto
// as protobuf bytes, on port 25 of IPv4 and IPv6 unless that says otherwise. It speaks just enough
// SMTP to be a next hop (EHLO, HELO, MAIL, RCPT, DATA, RSET, NOOP, QUIT) and knows nothing of the
// MTA's code, so that it can judge it. Each message becomes a file /var/sink/NNNNNN, whole and
// synced before the 250: the envelope as "MAIL …" and "RCPT …" lines as they were received, an
// empty line, and the message with CRLF line ends. A message that cannot be stored gets 451.
//
// What it hears, says and stores it records as the events of an MTA: kSmtpCommand, kSmtpReply,
// kEnvelopeAccepted and kRecipientAccepted, with the file's name as queue id.
//
// Exit codes: 64 wrong usage, 66 a FILE that cannot be read, 71 if the port is taken, 73 without
// /var/sink.
#ifndef STAGEPOST_SIM_PEER_SINK_H_
#define STAGEPOST_SIM_PEER_SINK_H_

#include "mta/env/environment.h"

namespace stagepost {

inline constexpr char kSinkDirectory[] = "/var/sink";

Task<int> SinkMain(Environment& env, Arguments arguments);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_PEER_SINK_H_
