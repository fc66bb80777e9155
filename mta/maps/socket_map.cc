// The class socket: a server that is asked "name key" in a netstring, and answers in one: "OK
// value", "NOTFOUND", "TEMP text", "TIMEOUT text", "PERM text". One connection serves all look-ups.
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/async/deadline.h"
#include "mta/async/semaphore.h"
#include "mta/base/status_macros.h"
#include "mta/dns/address_text.h"
#include "mta/dns/host_lookup.h"
#include "mta/env/stream.h"
#include "mta/maps/map_classes.h"
#include "mta/maps/netstring.h"

namespace stagepost {
namespace {

// A server that says nothing, without -d.
constexpr absl::Duration kPatience = absl::Minutes(2);
// When a connection that was kept turns out to be gone.
constexpr int kAttempts = 2;

class SocketMap final : public BaseMap {
 public:
  using BaseMap::BaseMap;

 private:
  Task<absl::Status> OpenClass(std::string&) override {
    const absl::Status opened = co_await WithDeadline(Deadline(), OpenInTurn());
    co_return absl::IsDeadlineExceeded(opened) ? absl::UnavailableError("") : opened;
  }

  Task<absl::Status> OpenInTurn() {
    CO_ASSIGN_OR_RETURN(const Semaphore::Permit permit, co_await one_at_a_time_.Acquire());
    // Somebody else may have been faster.
    if (connection_ != nullptr) co_return absl::OkStatus();
    CO_RETURN_IF_ERROR(co_await FindServers());
    const absl::Status connected = co_await Connect();
    if (connected.ok() || absl::IsCancelled(connected)) co_return connected;
    // sendmail says nothing about a server that is not there.
    co_return absl::UnavailableError("");
  }

  MonotonicTime Deadline() const {
    return context().env.clock().MonotonicNow() + flags().timeout.value_or(kPatience);
  }

  absl::Status Wrong(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat("socket map \"", name(), "\": ", what));
  }

  // "inet:port@host", "inet6:port@host", "unix:path", "local:path", "path". For the holder of the
  // permit, as Connect(), which goes through servers_.
  Task<absl::Status> FindServers() {
    absl::string_view text = flags().file;
    const size_t colon = text.find(':');
    const absl::string_view kind =
        colon == absl::string_view::npos ? "local" : text.substr(0, colon);
    if (colon != absl::string_view::npos) text.remove_prefix(colon + 1);
    if (absl::EqualsIgnoreCase(kind, "unix") || absl::EqualsIgnoreCase(kind, "local")) {
      co_return Wrong(absl::StrCat("local socket ", text, " is not supported: only TCP is"));
    }
    const bool v6 = absl::EqualsIgnoreCase(kind, "inet6");
    if (!v6 && !absl::EqualsIgnoreCase(kind, "inet")) {
      co_return Wrong(absl::StrCat("unknown socket type ", kind, ": Protocol not supported"));
    }
    const size_t at = text.find('@');
    if (at == absl::string_view::npos) co_return Wrong("no host given");
    int port = 0;
    if (!absl::SimpleAtoi(text.substr(0, at), &port) || port <= 0 || port > 65535) {
      co_return Wrong(absl::StrCat("unknown port name ", text.substr(0, at)));
    }
    absl::string_view host = text.substr(at + 1);
    if (absl::ConsumePrefix(&host, "[")) host = host.substr(0, host.find(']'));
    std::vector<IpAddress> addresses;
    if (const std::optional<IpAddress> address = ParseAddressText(host); address.has_value()) {
      addresses = {*address};
    } else {
      const HostAddresses found = co_await context().hosts.ByName(host);
      if (found.cancelled) co_return absl::CancelledError("");
      addresses = found.addresses;
    }
    servers_.clear();
    for (const IpAddress& address : addresses) {
      if (address.is_v4() != v6) servers_.push_back({address, static_cast<uint16_t>(port)});
    }
    if (servers_.empty()) co_return Wrong(absl::StrCat("Unknown host name ", host));
    co_return absl::OkStatus();
  }

  Task<absl::Status> Connect() {
    absl::Status last = absl::UnavailableError("no server");
    for (const SocketAddress& server : servers_) {
      absl::StatusOr<std::unique_ptr<Connection>> connection =
          co_await context().env.network().Connect(server, std::nullopt);
      if (connection.ok()) {
        connection_ = *std::move(connection);
        co_return absl::OkStatus();
      }
      last = connection.status();
      if (absl::IsCancelled(last)) break;
    }
    co_return last;
  }

  Task<MapAnswer> AskClass(absl::string_view key,
                           absl::Span<const absl::string_view> arguments) override {
    const absl::StatusOr<std::string> reply =
        co_await WithDeadline(Deadline(), Converse(Folded(key)));
    if (!reply.ok()) {
      if (reply.status().message().empty()) co_return MapAnswer{.status = kExitTemporaryFailure};
      co_return Failed(kExitTemporaryFailure,
                       absl::StrCat("socket_map_lookup(", name(), "): ", reply.status().message()));
    }
    absl::string_view value = *reply;
    const absl::string_view word = value.substr(0, value.find(' '));
    value.remove_prefix(std::min(value.size(), word.size() + 1));
    if (word == "OK") co_return Found(value, key, arguments);
    if (word == "NOTFOUND") co_return MapAnswer{.status = kExitNoHost};
    if (word == "TEMP" || word == "TIMEOUT") co_return MapAnswer{.status = kExitTemporaryFailure};
    if (word == "PERM") co_return MapAnswer{.status = kExitUnavailable};
    co_return MapAnswer{.status = kExitProtocol};
  }

  // One question, one answer. An error with an empty message: the server went away.
  Task<absl::StatusOr<std::string>> Converse(std::string key) {
    CO_ASSIGN_OR_RETURN(const Semaphore::Permit permit, co_await one_at_a_time_.Acquire());
    const std::string question = MakeNetstring(absl::StrCat(name(), " ", key));
    absl::Status last;
    for (int i = 0; i < kAttempts; ++i) {
      const bool kept = connection_ != nullptr;
      if (!kept) {
        const absl::Status connected = co_await Connect();
        if (absl::IsCancelled(connected)) co_return connected;
        if (!connected.ok()) co_return absl::UnavailableError("");
      }
      // Taken away first: a question without its answer must not be left on the wire.
      std::unique_ptr<Connection> connection = std::move(connection_);
      NetstringReader reader;
      bool surplus = false;
      last = co_await WriteAll(*connection, question);
      if (last.ok()) last = co_await ReadReply(*connection, reader, surplus);
      if (last.ok()) {
        if (!surplus) connection_ = std::move(connection);
        co_return reader.text();
      }
      if (!kept || absl::IsCancelled(last) || !last.message().empty()) break;
    }
    co_return last;
  }

  static Task<absl::Status> ReadReply(Connection& connection, NetstringReader& reader,
                                      bool& surplus) {
    std::vector<char> buffer(4096);
    while (true) {
      const absl::StatusOr<size_t> read = co_await connection.Read(absl::MakeSpan(buffer));
      if (!read.ok() && absl::IsCancelled(read.status())) co_return read.status();
      if (!read.ok() || *read == 0) {
        if (!reader.has_length()) co_return absl::UnavailableError("");
        co_return absl::UnavailableError(absl::StrCat("received only ", reader.received(), " of ",
                                                      reader.length(), " reply characters"));
      }
      absl::string_view bytes(buffer.data(), *read);
      CO_RETURN_IF_ERROR(reader.Take(bytes));
      if (!reader.complete()) continue;
      // What came too early would pass for the answer to the next question.
      surplus = !bytes.empty();
      co_return absl::OkStatus();
    }
  }

  Semaphore one_at_a_time_{1};
  std::vector<SocketAddress> servers_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace

std::unique_ptr<BaseMap> MakeSocketMap(const MapArguments& arguments) {
  MapFlags flags = CommonFlags(arguments);
  const bool has_file = HasFile(arguments, flags);
  auto map = std::make_unique<SocketMap>(arguments.context, arguments.name, arguments.map_class,
                                         std::move(flags));
  if (!has_file) map->Invalidate();
  return map;
}

}  // namespace stagepost
