#include "sim/world/sim_network.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "mta/base/check.h"
#include "sim/world/mapped_address.h"
#include "sim/world/sim_connection.h"

namespace stagepost {

namespace {
class AcceptOperation;
}  // namespace

// A listening socket and the connections it has not given away yet.
class SimListener final : public OwnedSocket {
 public:
  // `local` is what is listened on, unmapped. An IPv6 socket shows IPv4 addresses as mapped ones.
  SimListener(SocketOwner& owner, const ListenOptions& options, const SocketAddress& local)
      : owner_(owner),
        local_(local),
        v6_socket_(!options.address.address.is_v4()),
        both_families_(v6_socket_ && !options.v6_only && local.address.is_unspecified()),
        backlog_(options.backlog < 0 ? kMostBacklog : static_cast<size_t>(options.backlog)),
        descriptor_(&owner.descriptors()) {
    owner.node().listeners[local] = this;
    owner.sockets().PushBack(*this);
  }
  ~SimListener() { Shut(false); }

  // One more than the backlog, as on Linux.
  bool full() const { return waiting_.size() > backlog_; }
  bool has_waiting() const { return !waiting_.empty(); }
  SocketAddress local() const { return v6_socket_ ? Mapped(local_) : local_; }
  // Whether it listens on the IPv4 wildcard address too.
  bool both_families() const { return both_families_; }
  bool shut() const { return shut_; }
  // Whether its process may have one more connection; if not, none is taken.
  bool has_room() const { return owner_.descriptors().HasRoomFor(1); }
  void Enqueue(TcpConnection& connection);
  std::unique_ptr<Connection> TakeFirst() {
    TcpConnection::End* end = waiting_.front();
    waiting_.pop_front();
    return MakeSimConnection(owner_, *end, v6_socket_);
  }
  void KernelClose(bool silently) override { Shut(silently); }
  void Shut(bool silently);

  AcceptOperation* acceptor = nullptr;

 private:
  static constexpr size_t kMostBacklog = 4096;  // somaxconn

  SocketOwner& owner_;
  const SocketAddress local_;
  const bool v6_socket_;
  const bool both_families_;
  const size_t backlog_;
  std::deque<TcpConnection::End*> waiting_;
  bool shut_ = false;
  Descriptor descriptor_;
};

namespace {

using ConnectionOr = absl::StatusOr<std::unique_ptr<Connection>>;

class AcceptOperation final : public PendingOperation<ConnectionOr> {
 public:
  explicit AcceptOperation(std::shared_ptr<SimListener> listener)
      : listener_(std::move(listener)) {}
  ~AcceptOperation() override { Forget(); }
  void Wake() {
    Forget();
    if (!listener_->has_room()) return Finish(ErrnoStatus(Errno::kEMFILE, "accept"));
    Finish(listener_->TakeFirst());
  }
  void GiveUp() {
    Forget();
    Finish(ErrnoStatus(Errno::kEBADF, "accept"));
  }

 private:
  void Start() override {
    CHECK(listener_->acceptor == nullptr) << "two calls of Accept at a time";
    listener_->acceptor = this;
  }
  void OnStop() override {
    Forget();
    PendingOperation::OnStop();
  }
  void Forget() {
    if (listener_->acceptor == this) listener_->acceptor = nullptr;
  }
  std::shared_ptr<SimListener> listener_;
};

class ListenerHandle final : public Listener {
 public:
  explicit ListenerHandle(std::shared_ptr<SimListener> listener) : listener_(std::move(listener)) {}
  ~ListenerHandle() override { listener_->Shut(false); }
  Operation<ConnectionOr> Accept() override {
    if (listener_->shut()) return ConnectionOr(ErrnoStatus(Errno::kEBADF, "accept"));
    // Linux looks for a free descriptor before it looks for a connection.
    if (!listener_->has_room()) return ConnectionOr(ErrnoStatus(Errno::kEMFILE, "accept"));
    if (listener_->has_waiting()) return ConnectionOr(listener_->TakeFirst());
    return Operation<ConnectionOr>(new AcceptOperation(listener_));
  }
  SocketAddress local() const override { return listener_->local(); }

 private:
  std::shared_ptr<SimListener> listener_;
};

SimListener* FindListener(NetNode& node, const SocketAddress& to) {
  const auto exact = node.listeners.find(to);
  if (exact != node.listeners.end()) return exact->second;
  const auto any_v6 = node.listeners.find({IpAddress::V6({}), to.port});
  if (to.address.is_v4()) {
    const auto any_v4 = node.listeners.find({IpAddress(), to.port});
    if (any_v4 != node.listeners.end()) return any_v4->second;
    if (any_v6 != node.listeners.end() && !any_v6->second->both_families()) return nullptr;
  }
  return any_v6 == node.listeners.end() ? nullptr : any_v6->second;
}

// Whether somebody listens there, or where it would overlap. `both_families`: IPv4 is wanted too.
bool IsTaken(const NetNode& node, const SocketAddress& wanted, bool both_families) {
  return std::any_of(node.listeners.begin(), node.listeners.end(), [&](const auto& listener) {
    const SocketAddress& taken = listener.first;
    if (taken.port != wanted.port) return false;
    if (taken.address == wanted.address) return true;
    if (taken.address.is_v4() == wanted.address.is_v4()) {
      return taken.address.is_unspecified() || wanted.address.is_unspecified();
    }
    return taken.address.is_v4() ? both_families : listener.second->both_families();
  });
}

// To no address in particular is to oneself.
SocketAddress Target(const SocketAddress& to) {
  if (!to.address.is_unspecified()) return Unmapped(to);
  return {*IpAddress::Parse(to.address.is_v4() ? "127.0.0.1" : "::1"), to.port};
}

// A connection attempt: request, answer, and what goes wrong with either.
class ConnectOperation final : public PendingOperation<ConnectionOr>, private Timer {
 public:
  ConnectOperation(SimFabric& fabric, SocketOwner& owner, const SocketAddress& to,
                   const std::optional<IpAddress>& from)
      : fabric_(fabric),
        owner_(owner),
        shown_to_(to),
        to_(Target(to)),
        from_(from),
        descriptor_(&owner.descriptors()) {}
  ~ConnectOperation() override { GiveUp(); }

 private:
  enum class Phase { kRequest, kAnswer };

  void Start() override {
    if (const Errno error = PickLocal(); error != Errno::kOk) return Fail(error);
    server_ = fabric_.Route(owner_.node(), to_.address);
    latency_ =
        server_ == nullptr ? absl::Milliseconds(1) : fabric_.DrawLatency(owner_.node(), *server_);
    Arm(latency_);
  }

  void Fail(Errno error) {
    Finish(ErrnoStatus(error, absl::StrCat("connect ", shown_to_.ToString())));
  }

  // Where the connection comes from, as Linux chooses: what was asked for, else the very address it
  // goes to if that is our own, else our first address of that family.
  Errno PickLocal() {
    NetNode& node = owner_.node();
    const bool to_self = fabric_.Route(node, to_.address) == &node;
    if (from_.has_value() && from_->is_v4() != shown_to_.address.is_v4()) return Errno::kEINVAL;
    if (!to_self && !node.has_gateway) return Errno::kENETUNREACH;
    if (from_.has_value() && !from_->is_unspecified()) {
      const IpAddress from = Unmapped({*from_, 0}).address;
      if (from.is_v4() != to_.address.is_v4()) return Errno::kEINVAL;
      if (fabric_.Route(node, from) != &node) return Errno::kEADDRNOTAVAIL;
      if (from.is_loopback() && !to_self) return Errno::kEINVAL;
      local_.address = from;
    } else if (to_self) {
      // All of 127.0.0.0/8 is ours, and prefers this one.
      const bool loopback_v4 = to_.address.is_v4() && to_.address.is_loopback();
      local_.address = loopback_v4 ? IpAddress::V4(0x7f000001) : to_.address;
    } else {
      const auto same_family =
          std::find_if(node.addresses.begin(), node.addresses.end(), [&](const IpAddress& a) {
            return a.is_v4() == to_.address.is_v4() && !node.down.contains(a);
          });
      if (same_family == node.addresses.end()) return Errno::kENETUNREACH;
      local_.address = *same_family;
    }
    local_.port = node.TakePort();
    return Errno::kOk;
  }

  // Whether nothing can come of it now: nobody there, or no way there or back.
  bool Lost() const {
    const NetNode& client = owner_.node();
    return server_ == nullptr || !server_->up || fabric_.Blocked(client, *server_) ||
           fabric_.Blocked(*server_, client);
  }

  void OnTimer() override {
    if (tries_ > kMaxConnectTries) {
      GiveUp();
      return Fail(Errno::kETIMEDOUT);
    }
    if (phase_ == Phase::kAnswer) {
      // An answer on its way does not mind whether its sender is still up.
      return fabric_.Blocked(*server_, owner_.node()) ? TryAgain() : Answer();
    }
    if (Lost()) return TryAgain();
    SimListener* listener = FindListener(*server_, to_);
    if (listener != nullptr && listener->full()) return TryAgain();
    if (listener != nullptr) {
      connection_ = &fabric_.NewConnection(owner_.node(), local_, *server_, to_, latency_);
      listener->Enqueue(*connection_);
    }
    phase_ = Phase::kAnswer;
    Arm(latency_);
  }

  void TryAgain() { Arm(RetransmitAfter(tries_++)); }

  void Answer() {
    WorldCore& core = fabric_.core();
    if (connection_ == nullptr) {
      core.Record(owner_.node().index, owner_.pid(),
                  {EventKind::kConnectionRefused, local_.ToString(), to_.ToString(),
                   static_cast<int64_t>(Errno::kECONNREFUSED)});
      return Fail(Errno::kECONNREFUSED);
    }
    core.Record(owner_.node().index, owner_.pid(),
                {EventKind::kConnectionOpened, local_.ToString(), to_.ToString(),
                 static_cast<int64_t>(connection_->id())});
    TcpConnection& connection = *std::exchange(connection_, nullptr);
    descriptor_.Close();
    Finish(MakeSimConnection(owner_, connection.client(), !shown_to_.address.is_v4()));
  }

  void OnStop() override {
    Disarm();
    GiveUp();
    PendingOperation::OnStop();
  }
  void GiveUp() {
    if (connection_ == nullptr) return;
    TcpConnection& connection = *std::exchange(connection_, nullptr);
    if (owner_.node().up) {
      connection.client().Reset();
    } else {
      connection.client().Vanish();
    }
  }
  void Arm(absl::Duration delay) {
    Loop& loop = fabric_.core().loop;
    loop.timers().Arm(*this, loop.now() + delay);
  }

  SimFabric& fabric_;
  SocketOwner& owner_;
  const SocketAddress shown_to_;  // as asked for
  const SocketAddress to_;        // what that means
  const std::optional<IpAddress> from_;
  SocketAddress local_;
  NetNode* server_ = nullptr;
  absl::Duration latency_;
  Phase phase_ = Phase::kRequest;
  TcpConnection* connection_ = nullptr;
  int tries_ = 1;  // the one now under way included
  Descriptor descriptor_;
};

}  // namespace

void SimListener::Shut(bool silently) {
  if (std::exchange(shut_, true)) return;
  descriptor_.Close();
  owner_.node().listeners.erase(local_);
  if (acceptor != nullptr) acceptor->GiveUp();
  while (!waiting_.empty()) {
    TcpConnection::End* end = waiting_.front();
    waiting_.pop_front();
    if (silently) {
      end->Vanish();
    } else {
      end->Reset();
    }
  }
}

void SimListener::Enqueue(TcpConnection& connection) {
  waiting_.push_back(&connection.server());
  if (acceptor != nullptr) acceptor->Wake();
}

absl::Duration RetransmitAfter(int tries) {
  return absl::Seconds(std::min(60, 1 << std::min(tries - 1, 6)));
}

SimFabric::SimFabric(WorldCore& core)
    : core_(core),
      latency_(core.choices.StreamOf("net/latency")),
      jitter_(core.choices.StreamOf("net/jitter")),
      segment_(core.choices.StreamOf("net/segment")),
      cut_(core.choices.StreamOf("net/cut")) {}

SimFabric::~SimFabric() = default;

void SimFabric::AddNode(NetNode& node) {
  for (const auto* const addresses : {&node.addresses, &node.hidden_addresses}) {
    for (const IpAddress& address : *addresses) {
      CHECK(nodes_.emplace(address, &node).second) << address.ToString() << " is used twice";
    }
  }
}

NetNode* SimFabric::Route(NetNode& from, const IpAddress& address) const {
  if (address.is_loopback()) return &from;
  const auto found = nodes_.find(address);
  if (found == nodes_.end() || found->second->down.contains(address)) return nullptr;
  return found->second;
}

void SimFabric::SetBlocked(const NetNode& from, const NetNode& to, bool blocked) {
  if (blocked) {
    blocked_.insert({from.index, to.index});
  } else if (const auto cut = blocked_.find({from.index, to.index}); cut != blocked_.end()) {
    blocked_.erase(cut);
  }
}

namespace {

bool IsBetween(TcpConnection& connection, const NetNode& a, const NetNode& b) {
  const NetNode* const client = &connection.client().node();
  const NetNode* const server = &connection.server().node();
  return (client == &a && server == &b) || (client == &b && server == &a);
}

}  // namespace

void SimFabric::Reset(const NetNode& a, const NetNode& b) {
  for (const auto& [id, connection] : connections_) {
    if (IsBetween(*connection, a, b)) connection->Break();
  }
}

void SimFabric::Forget(const NetNode& a, const NetNode& b) {
  for (const auto& [id, connection] : connections_) {
    if (IsBetween(*connection, a, b)) connection->Forget();
  }
}

void SimFabric::SetLink(const NetNode& from, const NetNode& to,
                        const std::optional<LinkLimits>& limits) {
  const std::pair<uint32_t, uint32_t> way = {from.index, to.index};
  links_.erase(way);
  if (!limits.has_value()) return;
  CHECK(limits->bytes_per_second > 0 && limits->queue_bytes >= 0);
  links_.emplace(way, Link(*limits));
}

MonotonicTime SimFabric::WhenSent(const NetNode& from, const NetNode& to, size_t bytes) {
  const MonotonicTime now = core_.loop.now();
  const auto link = links_.find({from.index, to.index});
  return link == links_.end() ? now : link->second.Send(now, bytes, &RetransmitAfter);
}

absl::Duration SimFabric::DrawLatency(const NetNode& from, const NetNode& to) {
  if (&from == &to) return absl::Microseconds(20 + core_.choices.Pick(latency_, 30));
  // From 200 µs in the same room to 100 ms round the world.
  const uint64_t draw = core_.choices.Pick(latency_, 1 << 20);
  const uint64_t range = draw < 1 << 18 ? 1000 : draw < 3 << 18 ? 10'000 : 100'000;
  return absl::Microseconds(200 + draw % range);
}

absl::StatusOr<std::unique_ptr<Listener>> SimFabric::Listen(SocketOwner& owner,
                                                            const ListenOptions& options,
                                                            bool privileged) {
  NetNode& node = owner.node();
  const SocketAddress& shown = options.address;
  if (!owner.descriptors().HasRoomFor(1)) return ErrnoStatus(Errno::kEMFILE, "socket");
  const std::string what = absl::StrCat("bind ", shown.ToString());
  SocketAddress local = Unmapped(shown);
  const bool forbidden = local.port != 0 && local.port < kFirstFreePort && !privileged;
  // Linux looks at the port first for IPv6, at the address first for IPv4.
  if (forbidden && !shown.address.is_v4()) return ErrnoStatus(Errno::kEACCES, what);
  if (IsMapped(shown.address) && options.v6_only) return ErrnoStatus(Errno::kEINVAL, what);
  if (!local.address.is_unspecified() && Route(node, local.address) != &node) {
    return ErrnoStatus(Errno::kEADDRNOTAVAIL, what);
  }
  if (forbidden) return ErrnoStatus(Errno::kEACCES, what);
  const bool both = !local.address.is_v4() && local.address.is_unspecified() && !options.v6_only;
  if (local.port != 0) {
    if (IsTaken(node, local, both)) return ErrnoStatus(Errno::kEADDRINUSE, what);
  } else {
    do {
      local.port = node.TakePort();
    } while (IsTaken(node, local, both));
  }
  return std::make_unique<ListenerHandle>(std::make_shared<SimListener>(owner, options, local));
}

Operation<absl::StatusOr<std::unique_ptr<Connection>>> SimFabric::Connect(
    SocketOwner& owner, const SocketAddress& to, const std::optional<IpAddress>& from) {
  if (!owner.descriptors().HasRoomFor(1)) {
    return ConnectionOr(ErrnoStatus(Errno::kEMFILE, "socket"));
  }
  return Operation<ConnectionOr>(new ConnectOperation(*this, owner, to, from));
}

TcpConnection& SimFabric::NewConnection(NetNode& client, const SocketAddress& client_address,
                                        NetNode& server, const SocketAddress& server_address,
                                        absl::Duration latency) {
  const uint64_t id = next_connection_++;
  auto connection = std::make_unique<TcpConnection>(*this, id, latency);
  connection->Wire(client, client_address, server, server_address);
  return *(connections_[id] = std::move(connection));
}

void SimFabric::Crash(const NetNode& node) {
  for (auto next = connections_.begin(); next != connections_.end();) {
    TcpConnection& connection = *(next++)->second;
    connection.VanishFrom(node);
  }
}

void SimFabric::Free(TcpConnection& connection) { connections_.erase(connection.id()); }

}  // namespace stagepost
