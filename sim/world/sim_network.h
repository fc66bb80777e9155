// The simulated network: TCP between simulated hosts, as byte streams.
//
// Fault model. Segments of one direction arrive in order, cut at arbitrary places, each after a
// drawn latency. Loss is delay: a segment (or connection request) that meets a partition or a host
// that is down is sent again after 1, 2, 4, … seconds, up to 60; after kMaxTries the sender gets
// ETIMEDOUT. A partition may be one-way; acknowledgements are not modelled, so that data gets
// through against it, but a connection does not come about. A process that dies has its
// connections closed by its kernel; a host that crashes says nothing (what it had sent and has not
// arrived is lost), and answers with a reset once it is up again. When a process dies
// with data unread its kernel resets the connection, as Linux does; destroying a Connection reads
// what has arrived first, as the live Environment does. What had arrived before a reset can still
// be read, and the reset shows once: then come end of stream and EPIPE. Windows are
// 64 KiB a direction. Connections may
// be forgotten on the way, which leaves them half-open. A link may have a speed and a queue
// (link.h). Addresses lead to their host or nowhere: there is no router that could say that a host
// is unreachable.
#ifndef STAGEPOST_SIM_WORLD_SIM_NETWORK_H_
#define STAGEPOST_SIM_WORLD_SIM_NETWORK_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mta/base/errno.h"
#include "mta/base/intrusive_list.h"
#include "mta/env/network.h"
#include "sim/world/core.h"
#include "sim/world/descriptors.h"
#include "sim/world/link.h"

namespace stagepost {

class SimFabric;
class SimListener;

// A host as the network sees it.
struct NetNode {
  uint32_t index = 0;
  std::string name;
  std::vector<IpAddress> addresses;         // loopback excluded
  std::vector<IpAddress> hidden_addresses;  // its own, too, but of no interface
  bool has_gateway = true;                  // false: it is alone, kENETUNREACH for all others
  std::set<IpAddress> down;                 // those of them whose interface is down
  bool up = true;
  std::map<SocketAddress, SimListener*> listeners;

  // Ports for those who do not ask for a certain one: Linux's range, in turn.
  uint16_t TakePort() {
    const uint16_t port = next_port_;
    next_port_ = port == 60999 ? 32768 : port + 1;
    return port;
  }

 private:
  uint16_t next_port_ = 32768;
};

// What a process is to its sockets. Sockets register with their owner, so that they can be closed
// when it dies; the owner is inert then.
class SocketOwner;
struct SocketTag;

class OwnedSocket : public ListNode<OwnedSocket, SocketTag> {
 public:
  // The owner's kernel closes the socket. `silently`: the host has crashed.
  virtual void KernelClose(bool silently) = 0;

 protected:
  ~OwnedSocket() = default;
};

class SocketOwner {
 public:
  SocketOwner(NetNode& node, uint32_t pid) : node_(node), pid_(pid) {}
  NetNode& node() const { return node_; }
  uint32_t pid() const { return pid_; }
  List<OwnedSocket, SocketTag>& sockets() { return sockets_; }
  DescriptorTable& descriptors() { return descriptors_; }
  void CloseAll(bool silently) {
    while (!sockets_.empty()) sockets_.PopFront().KernelClose(silently);
  }

 private:
  NetNode& node_;
  uint32_t pid_;
  DescriptorTable descriptors_;
  List<OwnedSocket, SocketTag> sockets_;
};

// Both ends of one TCP connection and what is under way between them.
class TcpConnection;

class SimFabric {
 public:
  explicit SimFabric(WorldCore& core);
  ~SimFabric();

  WorldCore& core() { return core_; }
  // REQUIRES: no other node has one of its addresses.
  void AddNode(NetNode& node);
  // `node` has lost its power; its processes are dead. What its kernel still had to send is gone.
  void Crash(const NetNode& node);
  // The node that `address` leads to from `from`; null if there is none, or the address is down.
  NetNode* Route(NetNode& from, const IpAddress& address) const;

  // Cuts the way from `from` to `to` (one direction), or heals one such cut: cuts count.
  void SetBlocked(const NetNode& from, const NetNode& to, bool blocked);
  bool Blocked(const NetNode& from, const NetNode& to) const {
    return !blocked_.empty() && blocked_.contains({from.index, to.index});
  }

  // Forgets the connections between the two hosts on the way, as a firewall does that restarts or
  // has found them idle for too long: nothing of them gets through any more, while new ones do. Who
  // only reads never hears of it: a half-open connection.
  void Forget(const NetNode& a, const NetNode& b);

  // Resets the connections between the two hosts at both ends, as a firewall does that tells.
  void Reset(const NetNode& a, const NetNode& b);

  // Makes the way from `from` to `to` (one direction) as slow as `limits` says; nullopt: as fast as
  // can be, as it is at first. Latency comes on top. Connection requests are too small to matter.
  void SetLink(const NetNode& from, const NetNode& to, const std::optional<LinkLimits>& limits);

  // `privileged`: may listen on ports below kFirstFreePort.
  absl::StatusOr<std::unique_ptr<Listener>> Listen(SocketOwner& owner, const ListenOptions& options,
                                                   bool privileged);
  Operation<absl::StatusOr<std::unique_ptr<Connection>>> Connect(
      SocketOwner& owner, const SocketAddress& to, const std::optional<IpAddress>& from);

  // One way between two nodes, drawn anew for each connection.
  absl::Duration DrawLatency(const NetNode& from, const NetNode& to);

  // Connections that are open at either end, or have something under way.
  size_t connections() const { return connections_.size(); }

  // Used by the connections themselves.
  TcpConnection& NewConnection(NetNode& client, const SocketAddress& client_address,
                               NetNode& server, const SocketAddress& server_address,
                               absl::Duration latency);
  void Free(TcpConnection& connection);
  // When a segment of `bytes` that is sent now is on its way.
  MonotonicTime WhenSent(const NetNode& from, const NetNode& to, size_t bytes);
  Choices::Stream jitter_stream() const { return jitter_; }
  Choices::Stream segment_stream() const { return segment_; }
  Choices::Stream cut_stream() const { return cut_; }

 private:
  WorldCore& core_;
  std::map<IpAddress, NetNode*> nodes_;
  std::multiset<std::pair<uint32_t, uint32_t>> blocked_;
  std::map<std::pair<uint32_t, uint32_t>, Link> links_;  // those that are limited
  std::map<uint64_t, std::unique_ptr<TcpConnection>> connections_;
  uint64_t next_connection_ = 1;
  Choices::Stream latency_, jitter_, segment_, cut_;
};

// Ports below are root's.
inline constexpr uint16_t kFirstFreePort = 1024;

// When a segment or request that got no answer is sent again, after `tries` tries.
absl::Duration RetransmitAfter(int tries);
// How often something is sent before the wait for an answer is the last.
inline constexpr int kMaxTries = 20;        // a segment, once more: about a quarter of an hour
inline constexpr int kMaxConnectTries = 7;  // a connection request: about two minutes

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_SIM_NETWORK_H_
