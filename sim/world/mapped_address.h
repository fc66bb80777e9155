// IPv4 as IPv6 sockets show it: ::ffff:a.b.c.d, RFC 4291 section 2.5.5.2.
//
// On the wire there are IPv4 and IPv6 only; mapped addresses exist between a program and its
// socket.
#ifndef STAGEPOST_SIM_WORLD_MAPPED_ADDRESS_H_
#define STAGEPOST_SIM_WORLD_MAPPED_ADDRESS_H_

#include <algorithm>
#include <array>
#include <cstdint>

#include "mta/env/network.h"

namespace stagepost {

inline constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

inline bool IsMapped(const IpAddress& address) {
  return !address.is_v4() &&
         std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes().begin());
}

// What is on the wire: any other address is left as it is.
inline SocketAddress Unmapped(const SocketAddress& shown) {
  if (!IsMapped(shown.address)) return shown;
  uint32_t v4 = 0;
  for (size_t i = 12; i < 16; ++i) v4 = v4 << 8 | shown.address.bytes()[i];
  return {IpAddress::V4(v4), shown.port};
}

// An IPv4 address as an IPv6 socket shows it; IPv6 is left as it is.
inline SocketAddress Mapped(const SocketAddress& address) {
  if (!address.address.is_v4()) return address;
  std::array<uint8_t, 16> bytes = {};
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
  std::copy_n(address.address.bytes().begin(), 4, bytes.begin() + 12);
  return {IpAddress::V6(bytes), address.port};
}

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_MAPPED_ADDRESS_H_
