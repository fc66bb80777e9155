#include "mta/daemon/ports.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/async/deadline.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/dns/host_lookup.h"

namespace stagepost {
namespace {

// sendmail's MAXOPENTRIES and the pause between them.
constexpr int kBindAttempts = 10;
constexpr absl::Duration kBindPause = absl::Seconds(5);
constexpr int kBacklog = 10;

// The first address of the port's family that a host has.
Task<absl::StatusOr<IpAddress>> AddressOfHost(Environment& env, const PortOptions& port) {
  HostLookup hosts(env, HostLookupOptions());
  const HostAddresses found = co_await hosts.ByName(port.address);
  for (const IpAddress& address : found.addresses) {
    if (address.is_v4() == (port.family == "inet")) co_return address;
  }
  co_return absl::NotFoundError(absl::StrCat("host \"", port.address, "\" unknown"));
}

// Where a port listens; afterwards `port` has it in numbers.
Task<absl::StatusOr<SocketAddress>> AddressOf(Environment& env, PortOptions& port) {
  SocketAddress address{IpAddress(), port.port.value_or(kSmtpPort)};
  if (port.family == "local") {
    co_return absl::UnimplementedError("Family=local is not implemented in this version");
  }
  if (port.family == "inet6") address.address = IpAddress::V6({});
  if (port.address.empty()) co_return address;
  absl::string_view numeric = port.address;
  absl::ConsumePrefix(&numeric, "IPv6:");
  if (const std::optional<IpAddress> parsed = IpAddress::Parse(numeric); parsed.has_value()) {
    address.address = *parsed;
    co_return address;
  }
  CO_ASSIGN_OR_RETURN(address.address, co_await AddressOfHost(env, port));
  port.address = address.address.ToString();
  co_return address;
}

// Trying again would not help.
bool IsFinal(const absl::Status& status) {
  return absl::IsUnimplemented(status) || absl::IsNotFound(status);
}

Task<absl::StatusOr<OpenPort>> OpenOnePort(Environment& env, PortOptions port, Reporter& reporter) {
  const absl::StatusOr<SocketAddress> address = co_await AddressOf(env, port);
  absl::Status failed = address.status();
  if (address.ok()) {
    ListenOptions options;
    options.address = *address;
    options.backlog = port.backlog.value_or(kBacklog);
    // As the kernel has it by default: IPv4 clients come to a port of all IPv6 addresses, too.
    options.v6_only = !address->address.is_unspecified();
    absl::StatusOr<std::unique_ptr<Listener>> listener = env.network().Listen(options);
    if (listener.ok()) co_return OpenPort{port, *std::move(listener)};
    failed = listener.status();
  }
  if (port.Has('O')) co_return failed;
  const Errno error = ErrnoOf(failed);
  co_await reporter.SystemError(
      absl::StrCat("opendaemonsocket: daemon ", port.name,
                   ": cannot bind: ", error == Errno::kOk ? failed.message() : ErrnoText(error)));
  co_return failed;
}

}  // namespace

std::vector<PortOptions> PortsOf(const Options& options) {
  if (!options.daemon_ports().empty()) return options.daemon_ports();
  PortOptions port;
  port.name = "Daemon0";
  return {port};
}

Task<absl::StatusOr<std::vector<OpenPort>>> OpenPorts(Environment& env,
                                                      std::vector<PortOptions> ports,
                                                      Reporter& reporter) {
  std::vector<OpenPort> open;
  for (const PortOptions& port : ports) {
    for (int attempt = 1;; ++attempt) {
      absl::StatusOr<OpenPort> opened = co_await OpenOnePort(env, port, reporter);
      if (opened.ok()) {
        open.push_back(*std::move(opened));
        break;
      }
      if (port.Has('O')) break;
      env.log().Write(Severity::kAlert,
                      absl::StrCat("daemon ", port.name, ": problem creating SMTP socket"));
      if (attempt == kBindAttempts || IsFinal(opened.status())) {
        const std::string text = absl::StrCat("opendaemonsocket: daemon ", port.name,
                                              ": server SMTP socket wedged: exiting");
        reporter.LogSystemError(text);
        co_await reporter.Remark(absl::StrCat("421 4.0.0 ", text));
        co_return opened.status();
      }
      CO_RETURN_IF_ERROR(co_await Sleep(kBindPause));
    }
  }
  co_return open;
}

}  // namespace stagepost
