// Ranges of IP addresses, as the access map and class R name them: by their first octets or groups.
#ifndef STAGEPOST_TOOLS_AUDIT_ADDRESS_RANGE_H_
#define STAGEPOST_TOOLS_AUDIT_ADDRESS_RANGE_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "mta/env/network.h"

namespace stagepost {

struct AddressRange {
  IpAddress base;  // bits beyond `bits` are 0
  int bits = 0;    // 0 to 32 or 128

  bool Contains(const IpAddress& address) const;
  bool Contains(const AddressRange& other) const;
  // The n-th address of it, from 0; the last one has if there are fewer.
  IpAddress At(uint32_t n) const;
  // "198.51.0.0/16"
  std::string ToString() const;
};

// "198.51", "192.0.2.7", "IPv6:2001:db8", "IPv6:2001:db8::7"; whatever else: nullopt.
std::optional<AddressRange> RangeOfKey(absl::string_view key);
// "198.51.100.0/24", "2001:db8::/32", "192.0.2.7".
std::optional<AddressRange> ParseRange(absl::string_view text);
// The range of `bits` that an address is in.
AddressRange RangeAround(const IpAddress& address, int bits);

// Of addresses that no stranger on the Internet has: those that are no host's, loopback, RFC 1918,
// RFC 6598, link-local, unique local (RFC 4193).
bool IsPrivate(const IpAddress& address);
// Whether all of it are.
bool IsPrivate(const AddressRange& range);

}  // namespace stagepost

#endif  // STAGEPOST_TOOLS_AUDIT_ADDRESS_RANGE_H_
