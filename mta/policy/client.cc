#include "mta/policy/client.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "mta/cf/well_known_names.h"
#include "mta/dns/address_text.h"

namespace stagepost {
namespace {

constexpr size_t kMaxHostNameBytes = 255;
constexpr uint16_t kSmtpPortNumber = 25;

std::string InBrackets(const IpAddress& address) {
  return absl::StrCat("[", WriteAddressText(address, false), "]");
}

// What the C library takes for a host's name. Whoever owns an address range writes its PTR records,
// and their text would stand in rules, replies and log lines.
bool IsHostName(absl::string_view name) {
  if (name.empty() || name.size() > kMaxHostNameBytes || name[0] == '-' || name[0] == '.') {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '.' || c == '_';
  });
}

// The name that an address says it has; empty: none that can be used.
std::string NameOf(const HostAddresses& host) {
  if (host.status != LookupStatus::kFound) return "";
  const absl::string_view name = absl::StripSuffix(host.name, ".");
  return IsHostName(name) ? std::string(name) : "";
}

// "u CC r": as written, letters in upper case doubled.
std::string DaemonFlags(absl::string_view letters) {
  std::string flags;
  for (const char letter : letters) {
    if (!absl::ascii_isalpha(letter)) continue;
    absl::StrAppend(&flags, flags.empty() ? "" : " ", absl::string_view(&letter, 1));
    if (absl::ascii_isupper(letter)) flags.push_back(letter);
  }
  return flags;
}

// Where the port listens, as macros have addresses; a name or path as it is.
std::string DaemonAddress(const PortOptions& port) {
  const IpAddress all = port.family == "inet6" ? IpAddress::V6({}) : IpAddress();
  if (port.address.empty()) return WriteAddressText(all, false);
  const std::optional<IpAddress> numeric = ParseAddressText(port.address);
  return numeric.has_value() ? WriteAddressText(*numeric, false) : port.address;
}

// AF_INET and AF_INET6 as Linux numbers them.
absl::string_view FamilyNumber(const IpAddress& address) { return address.is_v4() ? "2" : "10"; }

}  // namespace

std::string Client::address_text() const {
  return is_local_process ? "0" : WriteAddressText(address.address, false);
}

std::string Client::relay() const {
  if (is_local_process) return ptr;
  const std::string in_brackets = InBrackets(address.address);
  switch (resolution) {
    case ClientResolution::kOk:
      return absl::StrCat(name, " ", in_brackets);
    case ClientResolution::kForged:
      return absl::StrCat(ptr, " ", in_brackets, " (may be forged)");
    case ClientResolution::kFail:
    case ClientResolution::kTemporary:
      break;
  }
  return in_brackets;
}

Task<Client> IdentifyClient(HostLookup& hosts, SocketAddress peer, SocketAddress local) {
  peer.address = Unmapped(peer.address);
  local.address = Unmapped(local.address);
  Client client;
  client.address = peer;
  client.local = local;
  HostLookup::FilesSeen seen;
  const HostAddresses own = co_await hosts.ByAddress(local.address, &seen);
  client.local_name = NameOf(own);
  if (client.local_name.empty()) client.local_name = InBrackets(local.address);

  client.name = client.ptr = InBrackets(peer.address);
  const HostAddresses reverse = co_await hosts.ByAddress(peer.address, &seen);
  const std::string name = NameOf(reverse);
  if (name.empty()) {
    client.resolution = reverse.status == LookupStatus::kTemporary ? ClientResolution::kTemporary
                                                                   : ClientResolution::kFail;
    co_return client;
  }
  client.ptr = name;
  const HostAddresses forward = co_await hosts.ByName(name, &seen);
  const bool confirmed = std::find(forward.addresses.begin(), forward.addresses.end(),
                                   peer.address) != forward.addresses.end();
  // A name server that fails here may be the forger's own.
  client.resolution = confirmed ? ClientResolution::kOk : ClientResolution::kForged;
  if (confirmed) client.name = name;
  co_return client;
}

IpAddress Unmapped(const IpAddress& address) {
  constexpr size_t kPrefix = 12;
  const std::array<uint8_t, 16>& bytes = address.bytes();
  if (address.is_v4() || bytes[10] != 0xff || bytes[11] != 0xff) return address;
  if (std::any_of(bytes.begin(), bytes.begin() + kPrefix - 2, [](uint8_t b) { return b != 0; })) {
    return address;
  }
  uint32_t v4 = 0;
  for (size_t i = kPrefix; i < bytes.size(); ++i) v4 = v4 << 8 | bytes[i];
  return IpAddress::V4(v4);
}

Client LocalProcessClient(absl::string_view user) {
  Client client;
  client.is_local_process = true;
  client.name = "localhost";
  client.ptr = absl::StrCat(user, "@localhost");
  return client;
}

void DefineClientMacros(const Client& client, Macros& macros) {
  macros.SetLiteral(OneCharacterName('_'), client.relay());
  macros.SetLiteral(well_known::kClientName, client.name);
  macros.SetLiteral(well_known::kClientAddr, client.address_text());
  macros.SetLiteral(well_known::kClientPort, absl::StrCat(client.address.port));
  macros.SetLiteral(well_known::kClientPtr, client.ptr);
  macros.SetLiteral(well_known::kClientResolve, ResolutionName(client.resolution));
  macros.SetLiteral(well_known::kIfName, client.local_name);
  const IpAddress& own = client.local.address;
  const bool shown = !client.is_local_process && !own.is_loopback();
  macros.SetLiteral(well_known::kIfAddr, shown ? WriteAddressText(own, false) : "");
  macros.SetLiteral(well_known::kIfFamily, shown ? FamilyNumber(own) : "");
}

void DefinePortMacros(const PortOptions& port, Macros& macros) {
  macros.SetLiteral(well_known::kDaemonName, port.name);
  macros.SetLiteral(well_known::kDaemonFlags, DaemonFlags(port.modifier_letters));
  macros.SetLiteral(well_known::kDaemonFamily, port.family);
  macros.SetLiteral(well_known::kDaemonAddr, DaemonAddress(port));
  macros.SetLiteral(well_known::kDaemonPort, absl::StrCat(port.port.value_or(kSmtpPortNumber)));
  macros.SetLiteral(well_known::kDaemonInfo, "SMTP");
}

absl::string_view ResolutionName(ClientResolution resolution) {
  switch (resolution) {
    case ClientResolution::kOk:
      return "OK";
    case ClientResolution::kFail:
      return "FAIL";
    case ClientResolution::kForged:
      return "FORGED";
    case ClientResolution::kTemporary:
      return "TEMP";
  }
  return "FAIL";
}

}  // namespace stagepost
