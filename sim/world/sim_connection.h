// One simulated TCP connection: two ends, and the segments under way between them.
//
// Owned by the SimFabric; freed when neither end is open and nothing is under way. An End is the
// kernel's half of a socket: it outlives the process that had it until its data is delivered. It
// ends with its host: what a crashed host had sent and what had not arrived is gone.
#ifndef STAGEPOST_SIM_WORLD_SIM_CONNECTION_H_
#define STAGEPOST_SIM_WORLD_SIM_CONNECTION_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "mta/async/timer_queue.h"
#include "mta/env/network.h"
#include "sim/world/byte_queue.h"
#include "sim/world/sim_network.h"

namespace stagepost {

class SocketRead;
class SocketWrite;

class TcpConnection {
 public:
  static constexpr size_t kWindowBytes = 65536;

  class End final : public Timer {
   public:
    // What the application does. REQUIRES of Read() and Write(): CanRead(), CanWrite().
    bool CanRead() const;
    absl::StatusOr<size_t> Read(absl::Span<char> buffer);
    bool CanWrite() const;
    absl::StatusOr<size_t> Write(absl::string_view bytes);
    absl::Status ShutdownWrite();
    // Forgets what has arrived, as if it had been read.
    void DiscardUnread();
    // Closes in order; with unread data, resets.
    void Close();
    void Reset();
    // The host has crashed: the end is gone without a word. May free the connection, as Close() and
    // Reset() may.
    void Vanish();

    const SocketAddress& address() const { return address_; }
    NetNode& node() const { return *node_; }
    End& peer() const { return *peer_; }
    TcpConnection& connection() const { return *connection_; }

    SocketRead* reader = nullptr;  // pending operations, at most one each
    SocketWrite* writer = nullptr;
    uint32_t pid = 0;  // for the trace

   private:
    friend class TcpConnection;
    enum class SegmentKind : uint8_t { kData, kFin, kReset };
    struct Segment {
      MonotonicTime due;
      SegmentKind kind;
      std::string bytes;
    };
    enum class State : uint8_t { kOpen, kClosed, kVanished };

    void Send(SegmentKind kind, std::string bytes);
    void SendSegmented(absl::string_view bytes);
    void ArmForFirst();
    void OnTimer() override;        // the first segment under way to the peer is due
    void Deliver(Segment segment);  // to the peer
    void ArriveData(std::string bytes);
    void ArriveFin();
    void ArriveReset();
    void Fail(Errno error);
    // The error, for whoever asks first; later `afterwards`. REQUIRES: dead.
    Errno TellError(Errno afterwards) {
      return std::exchange(error_told_, true) ? afterwards : error_;
    }
    void WakeReader();
    void WakeWriter();
    void Drop();  // forgets what is under way
    void Record(EventKind kind);
    // The application is gone: what waits is given up, and what was not read is lost. REQUIRES:
    // open.
    void LeaveOpenState(State state);
    size_t unread() const { return received_.size(); }

    TcpConnection* connection_ = nullptr;
    End* peer_ = nullptr;
    NetNode* node_ = nullptr;
    SocketAddress address_;
    State state_ = State::kOpen;
    bool write_shut_ = false;
    bool fin_received_ = false;
    Errno error_ = Errno::kOk;  // why the connection is dead
    bool error_told_ = false;
    ByteQueue received_;
    std::deque<Segment> under_way_;
    size_t bytes_under_way_ = 0;
    int tries_ = 0;
  };

  TcpConnection(SimFabric& fabric, uint64_t id, absl::Duration latency)
      : fabric_(fabric), id_(id), latency_(latency) {}

  End& client() { return client_; }
  End& server() { return server_; }
  uint64_t id() const { return id_; }
  absl::Duration latency() const { return latency_; }
  void Wire(NetNode& client, const SocketAddress& client_address, NetNode& server,
            const SocketAddress& server_address);
  // Nothing of it gets through any more.
  void Forget() { forgotten_ = true; }
  // Both ends find it reset.
  void Break() {
    client_.ArriveReset();
    server_.ArriveReset();
  }
  // `node` has crashed: nothing is left of its ends. May free the connection.
  void VanishFrom(const NetNode& node);

 private:
  friend class End;
  // Frees the connection if nothing keeps it; the last statement of whoever calls it.
  void FreeIfDone();

  SimFabric& fabric_;
  uint64_t id_;
  absl::Duration latency_;
  bool forgotten_ = false;
  End client_, server_;
};

// The application's handle of an open end. `v6_socket`: IPv4 addresses are shown as mapped ones.
std::unique_ptr<Connection> MakeSimConnection(SocketOwner& owner, TcpConnection::End& end,
                                              bool v6_socket);

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_SIM_CONNECTION_H_
