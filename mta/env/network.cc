#include "mta/env/network.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "mta/base/check.h"

namespace stagepost {
namespace {

// A decimal octet without leading zeros.
std::optional<uint8_t> ParseOctet(absl::string_view text) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  if (value > 255) return std::nullopt;
  return static_cast<uint8_t>(value);
}

std::optional<uint32_t> ParseV4(absl::string_view text) {
  uint32_t value = 0;
  int octets = 0;
  for (const absl::string_view part : absl::StrSplit(text, '.')) {
    const std::optional<uint8_t> octet = ParseOctet(part);
    if (!octet.has_value() || ++octets > 4) return std::nullopt;
    value = value << 8 | *octet;
  }
  if (octets != 4) return std::nullopt;
  return value;
}

// Appends the 16-bit groups of `text` (one side of a "::") to `groups`; the last may be dotted quad.
bool ParseGroups(absl::string_view text, bool last_side, std::vector<uint16_t>& groups) {
  if (text.empty()) return true;
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  for (size_t i = 0; i < parts.size(); ++i) {
    if (groups.size() >= 8) return false;
    if (last_side && i + 1 == parts.size() && parts[i].find('.') != absl::string_view::npos) {
      const std::optional<uint32_t> v4 = ParseV4(parts[i]);
      if (!v4.has_value()) return false;
      groups.push_back(static_cast<uint16_t>(*v4 >> 16));
      groups.push_back(static_cast<uint16_t>(*v4));
      continue;
    }
    uint32_t value = 0;
    if (parts[i].empty() || parts[i].size() > 4 || !absl::SimpleHexAtoi(parts[i], &value) ||
        !std::all_of(parts[i].begin(), parts[i].end(), absl::ascii_isxdigit)) {
      return false;
    }
    groups.push_back(static_cast<uint16_t>(value));
  }
  return true;
}

std::optional<std::array<uint8_t, 16>> ParseV6(absl::string_view text) {
  std::vector<uint16_t> head, tail;
  const size_t gap = text.find("::");
  if (gap == absl::string_view::npos) {
    if (!ParseGroups(text, true, head) || head.size() != 8) return std::nullopt;
  } else {
    if (!ParseGroups(text.substr(0, gap), false, head) ||
        !ParseGroups(text.substr(gap + 2), true, tail) || head.size() + tail.size() > 7) {
      return std::nullopt;
    }
    head.resize(8 - tail.size());
    head.insert(head.end(), tail.begin(), tail.end());
  }
  std::array<uint8_t, 16> bytes;
  for (size_t i = 0; i < 8; ++i) {
    bytes[2 * i] = static_cast<uint8_t>(head[i] >> 8);
    bytes[2 * i + 1] = static_cast<uint8_t>(head[i]);
  }
  return bytes;
}

// RFC 5952, section 4: the longest run of zero groups, the first of equals, at least two long.
std::string FormatV6(const std::array<uint8_t, 16>& bytes) {
  uint16_t groups[8];
  for (int i = 0; i < 8; ++i) {
    groups[i] = static_cast<uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  }
  int best = -1, best_length = 1;
  for (int start = 0; start < 8; ++start) {
    int end = start;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - start > best_length) {
      best = start;
      best_length = end - start;
    }
  }
  std::string text;
  for (int i = 0; i < 8; ++i) {
    if (i == best) {
      text += "::";
      i += best_length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    absl::StrAppend(&text, absl::Hex(groups[i]));
  }
  return text;
}

}  // namespace

IpAddress IpAddress::V4(uint32_t host_order) {
  IpAddress address;
  for (int i = 0; i < 4; ++i) {
    address.bytes_[i] = static_cast<uint8_t>(host_order >> (24 - 8 * i));
  }
  return address;
}

IpAddress IpAddress::V6(const std::array<uint8_t, 16>& network_order) {
  IpAddress address;
  address.v4_ = false;
  address.bytes_ = network_order;
  return address;
}

std::optional<IpAddress> IpAddress::Parse(absl::string_view text) {
  if (text.size() > 45) return std::nullopt;
  if (text.find(':') != absl::string_view::npos) {
    const auto bytes = ParseV6(text);
    if (!bytes.has_value()) return std::nullopt;
    return V6(*bytes);
  }
  const auto v4 = ParseV4(text);
  if (!v4.has_value()) return std::nullopt;
  return V4(*v4);
}

uint32_t IpAddress::v4() const {
  CHECK(v4_);
  return static_cast<uint32_t>(bytes_[0]) << 24 | static_cast<uint32_t>(bytes_[1]) << 16 |
         static_cast<uint32_t>(bytes_[2]) << 8 | bytes_[3];
}

bool IpAddress::is_loopback() const {
  if (v4_) return bytes_[0] == 127;
  std::array<uint8_t, 16> one = {};
  one[15] = 1;
  return bytes_ == one;
}

bool IpAddress::is_unspecified() const { return bytes_ == std::array<uint8_t, 16>{}; }

std::string IpAddress::ToString() const {
  if (!v4_) return FormatV6(bytes_);
  const auto byte = [this](size_t i) { return static_cast<unsigned int>(bytes_[i]); };
  return absl::StrCat(byte(0), ".", byte(1), ".", byte(2), ".", byte(3));
}

std::string SocketAddress::ToString() const {
  return address.is_v4() ? absl::StrCat(address.ToString(), ":", port)
                         : absl::StrCat("[", address.ToString(), "]:", port);
}

}  // namespace stagepost
