#include "mta/posix/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace stagepost {

KernelAddress ToKernel(const SocketAddress& address) {
  KernelAddress kernel;
  if (address.address.is_v4()) {
    sockaddr_in v4 = {};
    v4.sin_family = AF_INET;
    v4.sin_port = ::htons(address.port);
    v4.sin_addr.s_addr = ::htonl(address.address.v4());
    kernel.length = sizeof(v4);
    std::memcpy(&kernel.storage, &v4, sizeof(v4));
  } else {
    sockaddr_in6 v6 = {};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = ::htons(address.port);
    std::copy(address.address.bytes().begin(), address.address.bytes().end(), v6.sin6_addr.s6_addr);
    kernel.length = sizeof(v6);
    std::memcpy(&kernel.storage, &v6, sizeof(v6));
  }
  return kernel;
}

std::optional<SocketAddress> FromKernel(const sockaddr* address) {
  if (address == nullptr) return std::nullopt;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof(v4));
    return SocketAddress{IpAddress::V4(::ntohl(v4.sin_addr.s_addr)), ::ntohs(v4.sin_port)};
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6;
  std::memcpy(&v6, address, sizeof(v6));
  std::array<uint8_t, 16> bytes;
  std::copy_n(v6.sin6_addr.s6_addr, bytes.size(), bytes.begin());
  return SocketAddress{IpAddress::V6(bytes), ::ntohs(v6.sin6_port)};
}

}  // namespace stagepost
