// The server side of one SMTP connection (RFC 5321), from greeting to close, with sendmail's
// replies.
//
// A session reads commands, asks the site's rulesets about clients and addresses, streams the
// message into the Queue and says 250 only after Commit() has made it durable. While it waits for a
// command it holds no more than kIdleBufferBytes of input and what has been said about the
// transaction under way; inside of DATA one input buffer more and the header of the message
// (MaxHeadersLength). Its recipients are limited by MaxRecipientsPerMessage and
// kMaxRecipientsPerMessage.
//
// A stop request ends an idle session at once with 421; one that is inside DATA gets
// kShutdownGrace.
#ifndef STAGEPOST_MTA_SMTP_SERVER_SESSION_H_
#define STAGEPOST_MTA_SMTP_SERVER_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "mta/async/task.h"
#include "mta/env/network.h"
#include "mta/env/stream.h"
#include "mta/smtp/session_context.h"

namespace stagepost {

// Accepted recipients of one message; sendmail's MaxRecipientsPerMessage is unlimited by default,
// but what a session may hold is not. RFC 5321 minimum: 100.
inline constexpr size_t kMaxRecipientsPerMessage = 10'000;
// Unknown or misplaced commands a client may send; the next one closes the connection (sendmail).
inline constexpr int kMaxBadCommands = 25;

// Serves `connection` to its end. `number` tells sessions of a process apart in the trace. OK also
// when the peer went away or was thrown out; an error is one of reading or writing the connection
// that has no SMTP meaning, and concerns this session only.
Task<absl::Status> RunServerSession(SessionContext context, std::unique_ptr<Connection> connection,
                                    int64_t number);

// Serves whoever has started sendmail -bs, the user `login`, on its standard input and output. The
// port of the context is one without an address, named "stdin".
Task<absl::Status> RunLocalSession(SessionContext context, ByteSource& input, ByteSink& output,
                                   std::string login);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_SERVER_SESSION_H_
