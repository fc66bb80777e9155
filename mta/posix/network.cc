#include "mta/posix/network.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/check.h"
#include "mta/base/status_macros.h"
#include "mta/posix/pollable_fd.h"
#include "mta/posix/socket_address.h"
#include "mta/posix/thread_identity.h"
#include "mta/posix/unique_fd.h"

namespace stagepost {
namespace {

using ConnectionResult = absl::StatusOr<std::unique_ptr<Connection>>;

void SwitchOn(int fd, int level, int option) {
  const int on = 1;
  ::setsockopt(fd, level, option, &on, sizeof(on));
}

absl::StatusOr<UniqueFd> NewSocket(const IpAddress& address) {
  ActAsOneself();
  UniqueFd fd(::socket(address.is_v4() ? AF_INET : AF_INET6,
                       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return LastError("socket");
  SwitchOn(fd.get(), IPPROTO_TCP, TCP_NODELAY);
  return fd;
}

SocketAddress LocalAddress(int fd) {
  KernelAddress kernel;
  if (::getsockname(fd, kernel.get(), &kernel.length) != 0) return {};
  return FromKernel(kernel.get()).value_or(SocketAddress());
}

// Where a connection to `to` has come out: not always there, 0.0.0.0 being oneself.
SocketAddress PeerAddress(int fd, const SocketAddress& to) {
  KernelAddress kernel;
  if (::getpeername(fd, kernel.get(), &kernel.length) != 0) return to;  // reset already
  return FromKernel(kernel.get()).value_or(to);
}

class PosixConnection final : public Connection {
 public:
  PosixConnection(EventLoop& events, UniqueFd fd, const SocketAddress& peer)
      : local_(LocalAddress(fd.get())),
        peer_(peer),
        fd_(events, std::move(fd), PollableFd::Kind::kSocket) {}
  ~PosixConnection() override {
    if (fd_.fd() >= 0) DrainBeforeClose();
  }

  Operation<absl::StatusOr<size_t>> Read(absl::Span<char> buffer) override {
    return fd_.Read(buffer);
  }
  Operation<absl::StatusOr<size_t>> Write(absl::string_view bytes) override {
    return fd_.Write(bytes);
  }
  SocketAddress local() const override { return local_; }
  SocketAddress peer() const override { return peer_; }

  absl::Status ShutdownWrite() override {
    if (fd_.fd() < 0) return ErrnoStatus(Errno::kENOTCONN, "shutdown");  // after Reset()
    if (::shutdown(fd_.fd(), SHUT_WR) != 0) return LastError("shutdown");
    return absl::OkStatus();
  }

  void Reset() override {
    const linger now = {.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.fd(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    fd_.Break(Errno::kECONNRESET);
  }

 private:
  void DrainBeforeClose() {
    // Where the peer has reset the connection, closing loses nothing.
    if (::shutdown(fd_.fd(), SHUT_WR) != 0) return;
    std::array<char, 16 * 1024> waste;
    for (size_t drained = 0; drained < PosixNetwork::kDrainBytes;) {
      const ssize_t got = ::recv(fd_.fd(), waste.data(), waste.size(), MSG_DONTWAIT);
      if (got <= 0) return;
      drained += static_cast<size_t>(got);
    }
  }

  const SocketAddress local_;
  const SocketAddress peer_;
  PollableFd fd_;
};

// Whether an error of accept(2) is that of one connection, which is then gone.
bool ConcernsOneConnection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case EPERM:
      return true;
    default:
      return false;
  }
}

class PosixListener final : public Listener, private Watch {
 public:
  PosixListener(EventLoop& events, UniqueFd fd)
      : events_(events), fd_(std::move(fd)), local_(LocalAddress(fd_.get())) {}
  ~PosixListener() override {
    if (waiting_ != nullptr) waiting_->ForgetListener();
    Unwatch();
  }

  Operation<ConnectionResult> Accept() override {
    if (std::optional<ConnectionResult> result = TryAccept()) return *std::move(result);
    return Operation<ConnectionResult>(new AcceptOperation(*this));
  }
  SocketAddress local() const override { return local_; }

 private:
  class AcceptOperation final : public PendingOperation<ConnectionResult> {
   public:
    explicit AcceptOperation(PosixListener& listener) : listener_(listener) {}
    ~AcceptOperation() override { Leave(); }
    void TryAgain() {
      if (std::optional<ConnectionResult> result = listener_.TryAccept()) {
        Conclude(*std::move(result));
      }
    }
    void ForgetListener() { waits_ = false; }

   private:
    void Start() override {
      CHECK(listener_.waiting_ == nullptr) << "two calls of Accept at a time";
      listener_.waiting_ = this;
      waits_ = true;
      if (absl::Status watched = listener_.EnsureWatched(); !watched.ok()) Conclude(watched);
    }
    void OnStop() override { Conclude(absl::CancelledError("cancelled")); }
    void Conclude(ConnectionResult result) {
      Leave();
      Finish(std::move(result));
    }
    void Leave() {
      if (waits_) listener_.waiting_ = nullptr;
      waits_ = false;
    }
    PosixListener& listener_;
    bool waits_ = false;
  };

  std::optional<ConnectionResult> TryAccept() {
    ActAsOneself();
    while (true) {
      KernelAddress peer;
      UniqueFd fd(::accept4(fd_.get(), peer.get(), &peer.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (fd.valid()) {
        return std::make_unique<PosixConnection>(events_, std::move(fd),
                                                 FromKernel(peer.get()).value_or(SocketAddress()));
      }
      if (errno == EAGAIN) return std::nullopt;
      if (!ConcernsOneConnection(errno))
        return LastError(absl::StrCat("accept ", local_.ToString()));
    }
  }
  absl::Status EnsureWatched() {
    return watched() ? absl::OkStatus() : events_.Add(*this, fd_.get(), EPOLLIN);
  }
  void OnEvents(uint32_t) override {
    if (waiting_ != nullptr) waiting_->TryAgain();
  }

  EventLoop& events_;
  UniqueFd fd_;
  const SocketAddress local_;
  AcceptOperation* waiting_ = nullptr;
};

// A connection under way. Destroyed unfinished, it closes its socket and leaves nothing.
class ConnectOperation final : public PendingOperation<ConnectionResult>, private Watch {
 public:
  ConnectOperation(EventLoop& events, UniqueFd fd, const SocketAddress& to)
      : events_(events), fd_(std::move(fd)), to_(to) {}
  ~ConnectOperation() override { Unwatch(); }

 private:
  void Start() override {
    if (absl::Status s = events_.Add(*this, fd_.get(), EPOLLOUT); !s.ok()) Finish(s);
  }
  void OnStop() override {
    Unwatch();
    fd_.Reset();
    Finish(absl::CancelledError("cancelled"));
  }
  void OnEvents(uint32_t) override {
    int error = 0;
    socklen_t length = sizeof(error);
    ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    Unwatch();
    if (error != 0) {
      Finish(ErrnoStatus(static_cast<Errno>(error), absl::StrCat("connect ", to_.ToString())));
    } else {
      const SocketAddress peer = PeerAddress(fd_.get(), to_);
      Finish(std::make_unique<PosixConnection>(events_, std::move(fd_), peer));
    }
  }

  EventLoop& events_;
  UniqueFd fd_;
  const SocketAddress to_;
};

absl::Status BindLocal(int fd, const IpAddress& from) {
  // The port is chosen at connect time, when the peer is known: more connections fit.
  SwitchOn(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  KernelAddress kernel = ToKernel(SocketAddress{from, 0});
  if (::bind(fd, kernel.get(), kernel.length) != 0) {
    return LastError(absl::StrCat("bind ", from.ToString()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> PosixNetwork::Listen(const ListenOptions& options) {
  ASSIGN_OR_RETURN(UniqueFd fd, NewSocket(options.address.address));
  SwitchOn(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (!options.address.address.is_v4()) {
    const int only = options.v6_only ? 1 : 0;
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
  }
  KernelAddress kernel = ToKernel(options.address);
  if (::bind(fd.get(), kernel.get(), kernel.length) != 0) {
    return LastError(absl::StrCat("bind ", options.address.ToString()));
  }
  if (::listen(fd.get(), options.backlog) != 0) {
    return LastError(absl::StrCat("listen ", options.address.ToString()));
  }
  return std::make_unique<PosixListener>(events_, std::move(fd));
}

Operation<ConnectionResult> PosixNetwork::Connect(const SocketAddress& to,
                                                  const std::optional<IpAddress>& from) {
  absl::StatusOr<UniqueFd> fd = NewSocket(to.address);
  if (!fd.ok()) return ConnectionResult(fd.status());
  if (from.has_value()) {
    if (from->is_v4() != to.address.is_v4()) {
      return ConnectionResult(ErrnoStatus(Errno::kEINVAL, absl::StrCat("connect ", to.ToString())));
    }
    if (absl::Status bound = BindLocal(fd->get(), *from); !bound.ok()) {
      return ConnectionResult(bound);
    }
  }
  KernelAddress kernel = ToKernel(to);
  if (::connect(fd->get(), kernel.get(), kernel.length) == 0) {
    const SocketAddress peer = PeerAddress(fd->get(), to);
    return ConnectionResult(std::make_unique<PosixConnection>(events_, *std::move(fd), peer));
  }
  if (errno != EINPROGRESS && errno != EINTR) {
    return ConnectionResult(LastError(absl::StrCat("connect ", to.ToString())));
  }
  return Operation<ConnectionResult>(new ConnectOperation(events_, *std::move(fd), to));
}

}  // namespace stagepost
