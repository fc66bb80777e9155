// TCP on Linux.
//
// Listening sockets have SO_REUSEADDR, so that a daemon can start again at once; all sockets have
// TCP_NODELAY, since replies are written whole. A connection that is destroyed with input unread
// reads what has arrived (up to kDrainBytes) before it closes: the kernel would otherwise answer
// with a reset, which may overtake the last reply.
#ifndef STAGEPOST_MTA_POSIX_NETWORK_H_
#define STAGEPOST_MTA_POSIX_NETWORK_H_

#include <cstddef>
#include <memory>
#include <optional>

#include "mta/env/network.h"
#include "mta/posix/event_loop.h"

namespace stagepost {

class PosixNetwork final : public Network {
 public:
  static constexpr size_t kDrainBytes = 256 * 1024;

  // `events` outlives the network and all its connections.
  explicit PosixNetwork(EventLoop& events) : events_(events) {}

  absl::StatusOr<std::unique_ptr<Listener>> Listen(const ListenOptions& options) override;
  Operation<absl::StatusOr<std::unique_ptr<Connection>>> Connect(
      const SocketAddress& to, const std::optional<IpAddress>& from) override;

 private:
  EventLoop& events_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_NETWORK_H_
