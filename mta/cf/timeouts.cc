#include "mta/cf/timeouts.h"

#include <iterator>

#include "absl/strings/match.h"

namespace stagepost {
namespace {

constexpr TimeoutInfo kTimeouts[] = {
    {TimeoutId::kInitial, "initial", 'm', "5m", "8.1", Support::kYes, "a server's greeting"},
    {TimeoutId::kConnect, "connect", 'm', "0", "8.8", Support::kYes,
     "a connection to a host; 0: as long as the system tries"},
    {TimeoutId::kInitialConnect, "iconnect", 'm', "0", "8.8", Support::kYes,
     "as connect, for a message's first attempt; 0: as connect"},
    {TimeoutId::kAllConnects, "aconnect", 'm', "0", "8.12", Support::kYes,
     "all connections of one attempt together; 0: no limit"},
    {TimeoutId::kHelo, "helo", 'm', "5m", "8.1", Support::kYes, "the reply to HELO or EHLO"},
    {TimeoutId::kMail, "mail", 'm', "10m", "8.1", Support::kYes, "the reply to MAIL"},
    {TimeoutId::kRcpt, "rcpt", 'm', "1h", "8.1", Support::kYes, "the reply to RCPT"},
    {TimeoutId::kDataInit, "datainit", 'm', "5m", "8.1", Support::kYes, "the reply to DATA"},
    {TimeoutId::kDataBlock, "datablock", 'm', "1h", "8.1", Support::kYes,
     "the next block of a message, as server and as client"},
    {TimeoutId::kDataFinal, "datafinal", 'm', "1h", "8.1", Support::kYes,
     "the reply to the final dot"},
    {TimeoutId::kRset, "rset", 'm', "5m", "8.1", Support::kYes, "the reply to RSET"},
    {TimeoutId::kQuit, "quit", 'm', "2m", "8.1", Support::kYes, "the reply to QUIT"},
    {TimeoutId::kMisc, "misc", 'm', "2m", "8.1", Support::kYes, "the reply to other commands"},
    {TimeoutId::kCommand, "command", 'm', "1h", "8.1", Support::kYes,
     "a client's next command, as server"},
    {TimeoutId::kIdent, "ident", 'm', "5s", "8.1", Support::kNo,
     "the client's ident server (RFC 1413); 0: do not ask"},
    {TimeoutId::kFileOpen, "fileopen", 'm', "60s", "8.7", Support::kYes, "opening a user's file"},
    {TimeoutId::kLhlo, "lhlo", 'm', "2m", "8.12", Support::kYes, "the reply to LHLO"},
    {TimeoutId::kAuth, "auth", 'm', "10m", "8.12", Support::kNo, "a reply within AUTH"},
    {TimeoutId::kStartTls, "starttls", 'm', "1h", "8.12", Support::kNo,
     "STARTTLS and its handshake"},
    {TimeoutId::kControl, "control", 'm', "2m", "8.10", Support::kNo,
     "a command on the control socket"},
    {TimeoutId::kHostStatus, "hoststatus", 'm', "30m", "8.8", Support::kYes,
     "how long what is known of a host is believed"},
    {TimeoutId::kQueueReturn, "queuereturn", 'd', "5d", "8.7", Support::kYes,
     "how long a message is tried before it bounces; all kinds"},
    {TimeoutId::kQueueReturnNormal, "queuereturn.normal", 'd', "5d", "8.7", Support::kYes,
     "the same for normal messages"},
    {TimeoutId::kQueueReturnUrgent, "queuereturn.urgent", 'd', "5d", "8.7", Support::kYes,
     "the same for Precedence and Priority above normal"},
    {TimeoutId::kQueueReturnNonUrgent, "queuereturn.non-urgent", 'd', "5d", "8.7", Support::kYes,
     "the same for those below normal"},
    {TimeoutId::kQueueReturnDsn, "queuereturn.dsn", 'd', "5d", "8.13", Support::kYes,
     "the same for bounces"},
    {TimeoutId::kQueueWarn, "queuewarn", 'h', "4h", "8.7", Support::kYes,
     "after what time a sender is told of the delay; 0 or less: never; all kinds"},
    {TimeoutId::kQueueWarnNormal, "queuewarn.normal", 'h', "4h", "8.7", Support::kYes,
     "the same for normal messages"},
    {TimeoutId::kQueueWarnUrgent, "queuewarn.urgent", 'h', "4h", "8.7", Support::kYes,
     "the same for those above normal"},
    {TimeoutId::kQueueWarnNonUrgent, "queuewarn.non-urgent", 'h', "4h", "8.7", Support::kYes,
     "the same for those below normal"},
    {TimeoutId::kQueueWarnDsn, "queuewarn.dsn", 'h', "4h", "8.13", Support::kYes,
     "the same for bounces"},
    {TimeoutId::kResolverRetransmit, "resolver.retrans", 's', "", "8.10", Support::kNo,
     "the resolver's first wait for an answer; all look-ups"},
    {TimeoutId::kResolverRetransmitFirst, "resolver.retrans.first", 's', "", "8.10", Support::kNo,
     "the same for a message's first attempt"},
    {TimeoutId::kResolverRetransmitNormal, "resolver.retrans.normal", 's', "", "8.10", Support::kNo,
     "the same for all others"},
    {TimeoutId::kResolverRetry, "resolver.retry", kPlainNumber, "", "8.10", Support::kNo,
     "how often the resolver asks; all look-ups"},
    {TimeoutId::kResolverRetryFirst, "resolver.retry.first", kPlainNumber, "", "8.10", Support::kNo,
     "the same for a message's first attempt"},
    {TimeoutId::kResolverRetryNormal, "resolver.retry.normal", kPlainNumber, "", "8.10",
     Support::kNo, "the same for all others"},
};

constexpr bool InOrder() {
  for (size_t i = 0; i < std::size(kTimeouts); ++i) {
    if (static_cast<size_t>(kTimeouts[i].id) != i) return false;
  }
  return std::size(kTimeouts) == kTimeoutCount;
}
static_assert(InOrder(), "rows stand in the order of TimeoutId");

}  // namespace

absl::Span<const TimeoutInfo> AllTimeouts() { return kTimeouts; }

const TimeoutInfo* FindTimeout(absl::string_view name) {
  for (const TimeoutInfo& timeout : kTimeouts) {
    if (absl::EqualsIgnoreCase(timeout.name, name)) return &timeout;
  }
  return nullptr;
}

}  // namespace stagepost
