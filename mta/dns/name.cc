#include "mta/dns/name.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace stagepost {
namespace {

// Takes one byte of a label off `text`, which is not empty; false for half an escape.
bool TakeByte(absl::string_view& text, char& byte) {
  byte = text[0];
  text.remove_prefix(1);
  if (byte != '\\') return true;
  if (text.empty()) return false;
  if (!absl::ascii_isdigit(static_cast<unsigned char>(text[0]))) {
    byte = text[0];
    text.remove_prefix(1);
    return true;
  }
  if (text.size() < 3) return false;
  int value = 0;
  for (int i = 0; i < 3; ++i) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(text[i]))) return false;
    value = value * 10 + (text[i] - '0');
  }
  if (value > 255) return false;
  byte = static_cast<char>(value);
  text.remove_prefix(3);
  return true;
}

absl::Status NoName(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("not a domain name: ", why));
}

}  // namespace

absl::StatusOr<std::string> DnsNameToWire(absl::string_view text) {
  if (text == ".") return std::string(1, '\0');
  if (text.empty()) return NoName("it is empty");
  std::string wire;
  while (!text.empty()) {
    std::string label;
    bool ended = false;
    while (!text.empty() && !ended) {
      if (absl::ConsumePrefix(&text, ".")) {
        ended = true;
        continue;
      }
      char byte;
      if (!TakeByte(text, byte)) return NoName("it has half an escape");
      label += byte;
      if (label.size() > kMaxDnsLabel) return NoName("a label is longer than 63 bytes");
    }
    if (label.empty()) return NoName("a label is empty");
    wire += static_cast<char>(label.size());
    wire += label;
    if (wire.size() + 1 > kMaxDnsNameOnWire) return NoName("it is longer than 255 bytes");
  }
  wire += '\0';
  return wire;
}

void AppendDnsLabel(std::string& name, absl::string_view label) {
  if (!name.empty()) name += '.';
  for (const char c : label) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '.' || c == '\\') {
      name += '\\';
      name += c;
    } else if (byte <= ' ' || byte >= 0x7f) {
      absl::StrAppendFormat(&name, "\\%03d", byte);
    } else {
      name += c;
    }
  }
}

std::string CanonicalDnsName(absl::string_view text) {
  std::string name = absl::AsciiStrToLower(text);
  if (absl::EndsWith(name, ".") && !absl::EndsWith(name, "\\.")) name.pop_back();
  return name;
}

bool SameDnsName(absl::string_view a, absl::string_view b) {
  return CanonicalDnsName(a) == CanonicalDnsName(b);
}

}  // namespace stagepost
