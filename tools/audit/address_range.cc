#include "tools/audit/address_range.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace stagepost {
namespace {

constexpr int kV4Bits = 32;
constexpr int kV6Bits = 128;

using Bytes = std::array<uint8_t, 16>;

IpAddress FromBytes(bool v4, const Bytes& bytes) {
  if (!v4) return IpAddress::V6(bytes);
  return IpAddress::V4(static_cast<uint32_t>(bytes[0]) << 24 | bytes[1] << 16 | bytes[2] << 8 |
                       bytes[3]);
}

Bytes Masked(Bytes bytes, int bits) {
  for (int i = 0; i < 16; ++i) {
    const int keep = std::clamp(bits - 8 * i, 0, 8);
    bytes[i] &= static_cast<uint8_t>(0xff00 >> keep);
  }
  return bytes;
}

std::optional<AddressRange> RangeOfOctets(absl::string_view key) {
  Bytes bytes = {};
  const std::vector<absl::string_view> octets = absl::StrSplit(key, '.');
  if (octets.size() > 4) return std::nullopt;
  for (size_t i = 0; i < octets.size(); ++i) {
    uint32_t octet = 0;
    if (octets[i].size() > 3 || !absl::SimpleAtoi(octets[i], &octet) || octet > 255) {
      return std::nullopt;
    }
    bytes[i] = static_cast<uint8_t>(octet);
  }
  return AddressRange{FromBytes(true, bytes), static_cast<int>(8 * octets.size())};
}

std::optional<AddressRange> RangeOfGroups(absl::string_view key) {
  if (const auto whole = IpAddress::Parse(key)) {
    if (whole->is_v4()) return std::nullopt;
    return AddressRange{*whole, kV6Bits};
  }
  Bytes bytes = {};
  const std::vector<absl::string_view> groups =
      absl::StrSplit(absl::StripSuffix(absl::StripSuffix(key, ":"), ":"), ':');
  if (groups.size() > 8) return std::nullopt;
  for (size_t i = 0; i < groups.size(); ++i) {
    uint32_t group = 0;
    if (groups[i].empty() || groups[i].size() > 4 || !absl::SimpleHexAtoi(groups[i], &group)) {
      return std::nullopt;
    }
    bytes[2 * i] = static_cast<uint8_t>(group >> 8);
    bytes[2 * i + 1] = static_cast<uint8_t>(group);
  }
  return AddressRange{FromBytes(false, bytes), static_cast<int>(16 * groups.size())};
}

constexpr absl::string_view kPrivate[] = {"10.0.0.0/8",     "127.0.0.0/8",    "172.16.0.0/12",
                                          "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
                                          "0.0.0.0/8",      "224.0.0.0/3",    "::1/128",
                                          "fc00::/7",       "fe80::/10",      "ff00::/8"};

}  // namespace

bool AddressRange::Contains(const IpAddress& address) const {
  return address.is_v4() == base.is_v4() && RangeAround(address, bits).base == base;
}

bool AddressRange::Contains(const AddressRange& other) const {
  return other.bits >= bits && Contains(other.base);
}

IpAddress AddressRange::At(uint32_t n) const {
  Bytes bytes = base.bytes();
  const int last = base.is_v4() ? 3 : 15;
  const int room = (base.is_v4() ? kV4Bits : kV6Bits) - bits;
  if (room < 32) n = std::min(n, (uint32_t{1} << room) - 1);
  for (int i = last; n != 0 && i >= 0; --i, n >>= 8) bytes[i] |= static_cast<uint8_t>(n);
  return FromBytes(base.is_v4(), bytes);
}

std::string AddressRange::ToString() const { return absl::StrCat(base.ToString(), "/", bits); }

AddressRange RangeAround(const IpAddress& address, int bits) {
  return {FromBytes(address.is_v4(), Masked(address.bytes(), bits)), bits};
}

std::optional<AddressRange> RangeOfKey(absl::string_view key) {
  if (absl::StartsWithIgnoreCase(key, "IPv6:")) return RangeOfGroups(key.substr(5));
  return RangeOfOctets(key);
}

std::optional<AddressRange> ParseRange(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '/');
  const auto address = IpAddress::Parse(parts[0]);
  if (!address.has_value() || parts.size() > 2) return std::nullopt;
  const int most = address->is_v4() ? kV4Bits : kV6Bits;
  int bits = most;
  if (parts.size() == 2 && (!absl::SimpleAtoi(parts[1], &bits) || bits < 0 || bits > most)) {
    return std::nullopt;
  }
  return RangeAround(*address, bits);
}

bool IsPrivate(const AddressRange& range) {
  return std::any_of(std::begin(kPrivate), std::end(kPrivate),
                     [&](absl::string_view text) { return ParseRange(text)->Contains(range); });
}

bool IsPrivate(const IpAddress& address) {
  return IsPrivate(AddressRange{address, address.is_v4() ? kV4Bits : kV6Bits});
}

}  // namespace stagepost
