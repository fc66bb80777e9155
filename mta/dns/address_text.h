// Addresses as they stand in mail: "192.0.2.1" and the older ways to write it, "IPv6:2001:db8::1".
#ifndef STAGEPOST_MTA_DNS_ADDRESS_TEXT_H_
#define STAGEPOST_MTA_DNS_ADDRESS_TEXT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/env/network.h"

namespace stagepost {

// IPv4 as inet_addr(3) reads it (one to four numbers, decimal, octal or hexadecimal, the last of
// them filling what is left; not 255.255.255.255), IPv6 with or without "IPv6:". No brackets.
std::optional<IpAddress> ParseAddressText(absl::string_view text);

// "192.0.2.1"; "IPv6:2001:db8:0:0:0:0:0:1", or "IPv6:2001:db8::1" when `compressed`.
std::string WriteAddressText(const IpAddress& address, bool compressed);

// The name under in-addr.arpa or ip6.arpa.
std::string ReverseName(const IpAddress& address);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DNS_ADDRESS_TEXT_H_
