#include "mta/dns/address_text.h"

#include <cstdint>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace stagepost {
namespace {

// A number as C writes it; at most 32 bits.
std::optional<uint64_t> ParseNumber(absl::string_view text) {
  uint64_t base = 10;
  if (absl::StartsWithIgnoreCase(text, "0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8;
  }
  if (text.empty()) return std::nullopt;
  uint64_t number = 0;
  for (const char c : text) {
    if (!absl::ascii_isxdigit(c)) return std::nullopt;
    const uint64_t digit = absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10;
    number = number * base + digit;
    if (digit >= base || number > 0xffffffff) return std::nullopt;
  }
  return number;
}

std::optional<IpAddress> ParseV4(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  if (parts.size() > 4) return std::nullopt;
  uint64_t address = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::optional<uint64_t> number = ParseNumber(parts[i]);
    const size_t bits = i + 1 < parts.size() ? 8 : 8 * (5 - parts.size());
    if (!number.has_value() || *number >= uint64_t{1} << bits) return std::nullopt;
    address = address << bits | *number;
  }
  if (address == 0xffffffff) return std::nullopt;
  return IpAddress::V4(static_cast<uint32_t>(address));
}

}  // namespace

std::optional<IpAddress> ParseAddressText(absl::string_view text) {
  if (const std::optional<IpAddress> v4 = ParseV4(text); v4.has_value()) return v4;
  if (absl::StartsWithIgnoreCase(text, "IPv6:")) text.remove_prefix(5);
  const std::optional<IpAddress> v6 = IpAddress::Parse(text);
  if (!v6.has_value() || v6->is_v4()) return std::nullopt;
  return v6;
}

std::string WriteAddressText(const IpAddress& address, bool compressed) {
  if (address.is_v4()) return address.ToString();
  if (compressed) return absl::StrCat("IPv6:", address.ToString());
  std::string text = "IPv6";
  for (size_t i = 0; i < address.bytes().size(); i += 2) {
    absl::StrAppend(&text, ":", absl::Hex(address.bytes()[i] << 8 | address.bytes()[i + 1]));
  }
  return text;
}

std::string ReverseName(const IpAddress& address) {
  std::string name;
  for (int i = address.is_v4() ? 3 : 15; i >= 0; --i) {
    const int byte = address.bytes()[i];
    if (address.is_v4()) {
      absl::StrAppend(&name, byte, ".");
    } else {
      absl::StrAppend(&name, absl::Hex(byte & 15), ".", absl::Hex(byte >> 4), ".");
    }
  }
  return name + (address.is_v4() ? "in-addr.arpa" : "ip6.arpa");
}

}  // namespace stagepost
