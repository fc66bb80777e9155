#include "sim/check/relay_policy.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

bool IsOrIsBelow(absl::string_view domain, absl::string_view parent) {
  return absl::EqualsIgnoreCase(domain, parent) ||
         (domain.size() > parent.size() + 1 && absl::EndsWithIgnoreCase(domain, parent) &&
          domain[domain.size() - parent.size() - 1] == '.');
}

// Whether a net, written as the first parts of its addresses, has the address.
bool NetHas(absl::string_view net, absl::string_view address) {
  return absl::StartsWithIgnoreCase(address, net) &&
         (address.size() == net.size() || address[net.size()] == '.' || address[net.size()] == ':');
}

bool HasAddress(const scenario::Host& host, absl::string_view address) {
  return std::any_of(host.address().begin(), host.address().end(),
                     [&](const std::string& own) { return own == address; });
}

}  // namespace

absl::string_view AddressOfPeer(absl::string_view peer) {
  if (absl::StartsWith(peer, "[")) return peer.substr(1, peer.find(']') - 1);
  return peer.substr(0, peer.rfind(':'));
}

bool IsHostItself(const scenario::Host& host, absl::string_view peer) {
  if (peer == "stdin") return true;
  const absl::string_view address = AddressOfPeer(peer);
  return absl::StartsWith(address, "127.") || address == "::1" || HasAddress(host, address);
}

bool MayRelayFrom(const scenario::World& world, const scenario::Host& host,
                  absl::string_view peer) {
  if (IsHostItself(host, peer)) return true;
  const absl::string_view address = AddressOfPeer(peer);
  for (const std::string& net : host.mta().relay()) {
    if (NetHas(net, address)) return true;
  }
  for (const std::string& name : host.mta().may_relay_from()) {
    for (const scenario::Host& client : world.host()) {
      if (client.name() == name && HasAddress(client, address)) return true;
    }
  }
  return false;
}

bool IsLocalRecipient(const scenario::Host& host, absl::string_view recipient) {
  const size_t at = recipient.rfind('@');
  if (at == recipient.npos) return true;
  const absl::string_view domain = recipient.substr(at + 1);
  if (absl::EqualsIgnoreCase(domain, host.name()) || absl::EqualsIgnoreCase(domain, "localhost")) {
    return true;
  }
  for (const std::string& address : host.address()) {
    if (domain == absl::StrCat("[", address, "]")) return true;
    if (absl::EqualsIgnoreCase(domain, absl::StrCat("[IPv6:", address, "]"))) return true;
  }
  return std::any_of(
      host.mta().local().begin(), host.mta().local().end(),
      [&](const std::string& local) { return absl::EqualsIgnoreCase(domain, local); });
}

bool MayRelayTo(const scenario::Host& host, absl::string_view recipient) {
  const absl::string_view domain = recipient.substr(recipient.rfind('@') + 1);
  const auto covers = [&](const std::string& relay) { return IsOrIsBelow(domain, relay); };
  const scenario::Mta& mta = host.mta();
  return std::any_of(mta.relay().begin(), mta.relay().end(), covers) ||
         std::any_of(mta.may_relay_to().begin(), mta.may_relay_to().end(), covers);
}

}  // namespace stagepost
