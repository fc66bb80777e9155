#include "mta/deliver/mail_connection.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"

namespace stagepost {
namespace {

std::string RelayOf(absl::string_view host, const IpAddress& address) {
  return absl::StrCat(host, " [", address.is_v4() ? "" : "IPv6:", address.ToString(), "]");
}

std::optional<IpAddress> SourceFor(const IpAddress& to, const std::vector<IpAddress>& from) {
  for (const IpAddress& address : from) {
    if (address.is_v4() == to.is_v4()) return address;
  }
  return std::nullopt;
}

}  // namespace

MailConnection::MailConnection(const Clock& clock, std::unique_ptr<Connection> connection,
                               std::string host, ClientOptions options)
    : host_(std::move(host)),
      peer_(connection->peer()),
      connection_(std::move(connection)),
      client_(clock, *connection_, *connection_, std::move(options)) {}

std::string MailConnection::relay() const { return RelayOf(host_, peer_.address); }

DeliveryResult ConnectionFailure(const absl::Status& status, absl::string_view host,
                                 absl::string_view dsn) {
  Errno error = ErrnoOf(status);
  if (absl::IsDeadlineExceeded(status)) error = Errno::kETIMEDOUT;
  if (error == Errno::kOk) error = Errno::kECONNRESET;
  DeliveryResult result = Deferred(dsn, ConnectionErrorText(error, host));
  result.queue_text.clear();  // the M line of the message says it
  result.error = error;
  return result;
}

Task<ConnectOutcome> ConnectTo(Environment& env, std::string host, std::vector<IpAddress> addresses,
                               ConnectOptions options) {
  ConnectOutcome outcome;
  for (const IpAddress& address : addresses) {
    const SocketAddress to = {address, options.port};
    const MonotonicTime now = env.clock().MonotonicNow();
    MonotonicTime deadline = options.all_until;
    if (options.timeout > absl::ZeroDuration())
      deadline = std::min(deadline, now + options.timeout);
    absl::StatusOr<std::unique_ptr<Connection>> connection = co_await WithDeadline(
        deadline, env.network().Connect(to, SourceFor(address, options.from)));
    if (connection.ok()) {
      outcome.connection = std::make_unique<MailConnection>(
          env.clock(), *std::move(connection), std::move(host), std::move(options.client));
      outcome.relay = outcome.connection->relay();
      outcome.failure.reset();
      co_return outcome;
    }
    // As sendmail has it, which shows no address of IPv6 that it has not reached.
    outcome.relay = address.is_v4() ? RelayOf(host, address) : host;
    outcome.failure = ConnectionFailure(connection.status(), host, "4.4.1");
    if (absl::IsCancelled(connection.status())) break;
  }
  co_return outcome;
}

}  // namespace stagepost
