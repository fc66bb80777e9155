// Socket addresses between the seam and the kernel.
#ifndef STAGEPOST_MTA_POSIX_SOCKET_ADDRESS_H_
#define STAGEPOST_MTA_POSIX_SOCKET_ADDRESS_H_

#include <sys/socket.h>

#include <optional>

#include "mta/env/network.h"

namespace stagepost {

struct KernelAddress {
  sockaddr_storage storage = {};
  socklen_t length = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

KernelAddress ToKernel(const SocketAddress& address);

// nullopt: neither IPv4 nor IPv6.
std::optional<SocketAddress> FromKernel(const sockaddr* address);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_SOCKET_ADDRESS_H_
