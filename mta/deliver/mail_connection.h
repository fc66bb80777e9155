// A connection to a host that takes mail, greeted and ready: what is kept between messages.
//
// sendmail's "mail connection information". Owned by the mailer that uses it, or by the
// ConnectionCache while it is at rest.
#ifndef STAGEPOST_MTA_DELIVER_MAIL_CONNECTION_H_
#define STAGEPOST_MTA_DELIVER_MAIL_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/base/time.h"
#include "mta/deliver/delivery_result.h"
#include "mta/deliver/host_status.h"
#include "mta/env/network.h"
#include "mta/site/site.h"
#include "mta/smtp/smtp_client.h"

namespace stagepost {

class MailConnection {
 public:
  // `host` as a route names it.
  MailConnection(const Clock& clock, std::unique_ptr<Connection> connection, std::string host,
                 ClientOptions options);

  SmtpClient& client() { return client_; }
  const std::string& host() const { return host_; }
  SocketAddress peer() const { return peer_; }
  // As log lines show it: "mail.dom1.example. [192.0.2.71]".
  std::string relay() const;

  // SingleThreadDelivery: the host is ours as long as this is. Released after the connection.
  std::unique_ptr<HostStatus::Hold> hold;
  int messages = 0;              // that it has carried
  bool refused_at_mail = false;  // the last of them: RSET has to follow
  MonotonicTime last_used;       // end of the last transaction

 private:
  const std::string host_;
  const SocketAddress peer_;
  std::unique_ptr<Connection> connection_;
  SmtpClient client_;
};

// How to connect, and how long to wait.
struct ConnectOptions {
  uint16_t port = 25;
  absl::Duration timeout;   // for one address: Timeout.connect or Timeout.iconnect; 0: the kernel's
  MonotonicTime all_until;  // for all hosts of a message: Timeout.aconnect
  std::vector<IpAddress> from;  // ClientPortOptions: the first of the right family; none: any
  ClientOptions client;
};

struct ConnectOutcome {
  std::unique_ptr<MailConnection> connection;  // not greeted yet; null with `failure`
  std::optional<DeliveryResult> failure;       // of the last address
  std::string relay;                           // whom the failure is about
};

// Connects to the first of `addresses` that answers.
Task<ConnectOutcome> ConnectTo(Environment& env, std::string host, std::vector<IpAddress> addresses,
                               ConnectOptions options);

// Deferred, in the words that sendmail has for what can befall a connection: "Deferred: Connection
// refused by mail.dom1.example.".
DeliveryResult ConnectionFailure(const absl::Status& status, absl::string_view host,
                                 absl::string_view dsn);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DELIVER_MAIL_CONNECTION_H_
