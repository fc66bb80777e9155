#include "mta/posix/resolver.h"

#include <ares.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/time.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "mta/async/operation.h"
#include "mta/async/timer_queue.h"
#include "mta/base/status_macros.h"
#include "mta/dns/message.h"
#include "mta/posix/resolv_conf.h"
#include "mta/posix/thread_identity.h"

namespace stagepost {
namespace {

constexpr uint16_t kDnsPort = 53;

// What a server says that cannot or does not want to answer; another may.
bool IsRefusal(DnsRcode rcode) {
  return rcode == DnsRcode::kServFail || rcode == DnsRcode::kNotImp || rcode == DnsRcode::kRefused;
}

}  // namespace

// One query under way. c-ares calls back only from within calls made here; its call back notes the
// result, and the operation finishes when that call has returned.
//
// When it is to pass over refusals by itself, c-ares does not tell in the end what they were. So it
// first hands over whatever is answered; only a refusal, and only if there are other servers, is
// kept while all are asked again for something better.
class PosixResolver::PendingQuery final : public PendingOperation<absl::StatusOr<DnsAnswer>>,
                                          private Timer {
 public:
  PendingQuery(PosixResolver& resolver, std::string name, DnsType type, std::string query)
      : resolver_(resolver),
        servers_(resolver.ServersOfNow()),
        name_(std::move(name)),
        type_(type),
        query_(std::move(query)) {}
  ~PendingQuery() override { Close(); }

 private:
  // A socket of c-ares. Stays until the query is over, though unwatched, since a batch of events
  // may still name it.
  class Socket final : public Watch {
   public:
    Socket(PendingQuery& query, ares_socket_t fd) : query_(query), fd_(fd) {}
    ares_socket_t fd() const { return fd_; }

   private:
    void OnEvents(uint32_t) override {
      if (watched()) query_.Process(*this);
    }
    PendingQuery& query_;
    const ares_socket_t fd_;
  };

  void Start() override {
    if (absl::Status opened = Open(ARES_FLAG_NOCHECKRESP); !opened.ok()) {
      return Finish(std::move(opened));
    }
    Send();
    Continue();
  }
  void OnStop() override {
    Close();
    Finish(absl::CancelledError("cancelled"));
  }

  absl::Status Open(int flags);
  void Send() {
    ActAsOneself();
    ares_send(channel_, reinterpret_cast<const unsigned char*>(query_.data()),
              static_cast<int>(query_.size()), &PendingQuery::OnAnswer, this);
  }
  void Close() {
    Disarm();
    closing_ = true;
    if (channel_ != nullptr) ares_destroy(std::exchange(channel_, nullptr));
    for (const auto& socket : sockets_) socket->Unwatch();
  }

  static void OnSocketState(void* self, ares_socket_t fd, int read, int write) {
    static_cast<PendingQuery*>(self)->WatchSocket(fd, read != 0, write != 0);
  }
  void WatchSocket(ares_socket_t fd, bool read, bool write);

  static void OnAnswer(void* self, int status, int, unsigned char* bytes, int size) {
    auto& query = *static_cast<PendingQuery*>(self);
    if (query.closing_) return;
    query.result_ = query.Understand(
        status, bytes == nullptr ? absl::string_view()
                                 : absl::string_view(reinterpret_cast<const char*>(bytes),
                                                     static_cast<size_t>(size)));
  }
  absl::StatusOr<DnsAnswer> Understand(int status, absl::string_view bytes) const;

  void Process(Socket& socket);
  void OnTimer() override {
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    Continue();
  }
  // Finishes if there is a result; else waits until c-ares wants to try again.
  void Continue();
  bool OthersMayKnow() const;
  void AskOthers();

  PosixResolver& resolver_;
  const Servers servers_;
  const std::string name_;
  const DnsType type_;
  const std::string query_;
  ares_channel channel_ = nullptr;
  bool closing_ = false;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::optional<absl::StatusOr<DnsAnswer>> result_;
  std::optional<DnsAnswer> refusal_;  // while others are asked
};

absl::Status PosixResolver::PendingQuery::Open(int flags) {
  // Its own reader knows neither timeout nor attempts, and counts servers otherwise.
  std::string resolv_conf = "/dev/null";
  ares_options options = {};
  options.flags = flags | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS;
  if (servers_.use_tcp) options.flags |= ARES_FLAG_USEVC;
  options.ednspsz = kEdnsUdpSize;
  options.tries = servers_.attempts;
  options.timeout = static_cast<int>(absl::ToInt64Milliseconds(servers_.timeout));
  options.sock_state_cb = &PendingQuery::OnSocketState;
  options.sock_state_cb_data = this;
  options.resolvconf_path = resolv_conf.data();
  const int mask = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TRIES | ARES_OPT_TIMEOUTMS |
                   ARES_OPT_SOCK_STATE_CB | ARES_OPT_RESOLVCONF;
  int status = ares_init_options(&channel_, &options, mask);
  if (status != ARES_SUCCESS) {
    channel_ = nullptr;
    return absl::InternalError(absl::StrCat("DNS set-up: ", ares_strerror(status)));
  }
  const std::string servers = absl::StrJoin(
      servers_.addresses, ",",
      [](std::string* out, const SocketAddress& server) { out->append(server.ToString()); });
  status = ares_set_servers_ports_csv(channel_, servers.c_str());
  if (status == ARES_SUCCESS) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("name servers ", servers, ": ", ares_strerror(status)));
}

void PosixResolver::PendingQuery::WatchSocket(ares_socket_t fd, bool read, bool write) {
  for (const auto& socket : sockets_) {
    if (socket->watched() && socket->fd() == fd) socket->Unwatch();
  }
  if (closing_ || (!read && !write)) return;
  auto& socket = sockets_.emplace_back(std::make_unique<Socket>(*this, fd));
  // A socket that cannot be watched is one whose answer does not come: c-ares goes on in time.
  (void)resolver_.events_.Add(*socket, fd, (read ? EPOLLIN : 0u) | (write ? EPOLLOUT : 0u));
}

// c-ares reads a TCP socket in parts while an edge is told once, so it is asked until nothing is
// left there.
void PosixResolver::PendingQuery::Process(Socket& socket) {
  while (!result_.has_value() && socket.watched()) {
    pollfd ready = {.fd = socket.fd(), .events = POLLIN | POLLOUT, .revents = 0};
    if (::poll(&ready, 1, 0) <= 0) break;
    const bool read = (ready.revents & (POLLIN | POLLHUP | POLLERR)) != 0;
    const bool write = (ready.revents & POLLOUT) != 0;
    ares_process_fd(channel_, read ? socket.fd() : ARES_SOCKET_BAD,
                    write ? socket.fd() : ARES_SOCKET_BAD);
    if (!read) break;
  }
  Continue();
}

void PosixResolver::PendingQuery::Continue() {
  if (closing_) return;
  Disarm();
  if (OthersMayKnow()) AskOthers();
  if (result_.has_value()) {
    Close();
    if (refusal_.has_value() && !result_->ok()) result_ = *std::move(refusal_);
    return Finish(*std::move(result_));
  }
  timeval wait = {};
  if (ares_timeout(channel_, nullptr, &wait) == nullptr) return;
  const absl::Duration after = std::max(absl::DurationFromTimeval(wait), absl::Milliseconds(1));
  Loop& loop = resolver_.events_.loop();
  loop.timers().Arm(*this, loop.now() + after);
}

bool PosixResolver::PendingQuery::OthersMayKnow() const {
  if (!result_.has_value() || !result_->ok() || refusal_.has_value()) return false;
  if (!IsRefusal((*result_)->rcode)) return false;
  return servers_.addresses.size() > 1;
}

void PosixResolver::PendingQuery::AskOthers() {
  refusal_ = **std::exchange(result_, std::nullopt);
  Close();
  closing_ = false;
  if (absl::Status opened = Open(0); !opened.ok()) {
    result_ = std::move(opened);
    return;
  }
  Send();
}

absl::StatusOr<DnsAnswer> PosixResolver::PendingQuery::Understand(int status,
                                                                  absl::string_view bytes) const {
  if (status == ARES_SUCCESS) return ParseDnsResponse(bytes, name_, type_);
  const std::string what = absl::StrCat("DNS query for ", name_, ": ", ares_strerror(status));
  switch (status) {
    case ARES_ETIMEOUT:
    case ARES_ECONNREFUSED:  // also where no server could be reached
      return absl::DeadlineExceededError(what);
    case ARES_EBADRESP:
      return absl::DataLossError(what);
    default:
      return absl::InternalError(what);
  }
}

PosixResolver::Servers PosixResolver::ServersOfNow() {
  ActAsOneself();
  const ResolvConf conf = ReadResolvConf(root_.ToMachine("/etc/resolv.conf"));
  Servers servers;
  servers.addresses = options_.name_servers;
  if (servers.addresses.empty()) {
    for (const IpAddress& address : conf.name_servers) {
      servers.addresses.push_back({address, kDnsPort});
    }
  }
  servers.attempts = options_.attempts.value_or(conf.attempts.value_or(servers.attempts));
  servers.timeout = options_.timeout.value_or(conf.timeout.value_or(servers.timeout));
  servers.use_tcp = conf.use_tcp;
  if (conf.rotate) {
    const auto first = servers.addresses.begin() +
                       static_cast<std::ptrdiff_t>(first_server_++ % servers.addresses.size());
    std::rotate(servers.addresses.begin(), first, servers.addresses.end());
  }
  return servers;
}

Operation<absl::StatusOr<DnsAnswer>> PosixResolver::Query(absl::string_view name, DnsType type) {
  absl::StatusOr<std::string> query =
      BuildDnsQuery(static_cast<uint16_t>(random_.Uniform(uint64_t{1} << 16)), name, type);
  if (!query.ok()) return absl::StatusOr<DnsAnswer>(query.status());
  return Operation<absl::StatusOr<DnsAnswer>>(
      new PendingQuery(*this, std::string(name), type, *std::move(query)));
}

}  // namespace stagepost
