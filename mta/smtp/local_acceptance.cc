#include "mta/smtp/local_acceptance.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/smtp/address.h"
#include "mta/smtp/command_parser.h"

namespace stagepost {
namespace {

AddressDecision Refuse(int code, absl::string_view enhanced, absl::string_view path,
                       absl::string_view text) {
  AddressDecision decision;
  decision.reply = Reply(code, enhanced, absl::StrCat(Shortened(path), "... ", text));
  return decision;
}

AddressDecision Refuse(const AddressError& error, absl::string_view path) {
  return Refuse(error.code, error.enhanced, path, error.text);
}

AddressDecision RefuseByPolicy(int code, absl::string_view enhanced, absl::string_view path,
                               absl::string_view text) {
  AddressDecision decision = Refuse(code, enhanced, path, text);
  decision.by_policy = true;
  return decision;
}

// The account a local part means: the name as given, in lower case, and both without "+detail".
absl::StatusOr<User> FindAccount(Accounts& accounts, const std::string& user) {
  const std::string lower = absl::AsciiStrToLower(user);
  const size_t plus = user.find('+');
  std::vector<std::string> names = {user, lower};
  if (plus != std::string::npos && plus > 0) {
    names.push_back(user.substr(0, plus));
    names.push_back(lower.substr(0, plus));
  }
  for (const std::string& name : names) {
    absl::StatusOr<User> account = accounts.FindUser(name);
    if (account.ok() || !absl::IsNotFound(account.status())) return account;
  }
  return absl::NotFoundError("no such user");
}

// The text of an address in class R, down to single octets or groups: "10.1.2.3", "10.1.2", …
std::vector<std::string> AddressPrefixes(const IpAddress& address) {
  std::string text =
      absl::AsciiStrToLower(absl::StrCat(address.is_v4() ? "" : "ipv6:", address.ToString()));
  const char separator = address.is_v4() ? '.' : ':';
  std::vector<std::string> prefixes = {text};
  while (true) {
    const size_t end = text.rfind(separator);
    if (end == std::string::npos || text.substr(0, end) == "ipv6") return prefixes;
    text.resize(end);
    prefixes.push_back(text);
  }
}

}  // namespace

Task<AddressDecision> LocalAcceptance::CheckSender(const Client& client, absl::string_view path) {
  co_return DecideSender(client, path);
}

Task<AddressDecision> LocalAcceptance::CheckRecipient(const Client& client,
                                                      absl::string_view path) {
  co_return DecideRecipient(client, path);
}

AddressDecision LocalAcceptance::DecideSender(const Client& client, absl::string_view path) const {
  AddressDecision decision;
  decision.reply = Reply(250, "2.1.0", absl::StrCat(Shortened(path), "... Sender ok"));
  decision.address = AddressOfPath(path);
  if (decision.address.empty()) {
    if (absl::StrContains(path, '<')) return decision;
    return Refuse(553, "5.1.3", path, "User address required");
  }
  const auto length = CheckAddressLength(decision.address);
  if (auto* error = std::get_if<AddressError>(&length)) return Refuse(*error, path);
  const auto split = SplitOnce(decision.address);
  if (auto* error = std::get_if<AddressError>(&split)) return Refuse(*error, path);
  const SplitAddress& parts = std::get<SplitAddress>(split);
  if (IsLocalClient(client)) return decision;
  if (parts.domain.empty() && !absl::StrContains(parts.local, '!') &&
      !absl::StrContains(parts.local, '%')) {
    return RefuseByPolicy(
        553, "5.5.4", path,
        absl::StrCat("Domain name required for sender address ", decision.address));
  }
  if (parts.domain == "localhost") {
    return RefuseByPolicy(553, "5.5.4", path, "Real domain name required for sender address");
  }
  return decision;
}

AddressDecision LocalAcceptance::DecideRecipient(const Client& client,
                                                 absl::string_view path) const {
  const std::string address = AddressOfPath(path);
  if (address.empty()) {
    return RefuseByPolicy(553, "5.0.0", path, "User address required");
  }
  const auto length = CheckAddressLength(address);
  if (auto* error = std::get_if<AddressError>(&length)) return Refuse(*error, path);
  const auto resolved =
      ResolveAddress(address, [this](absl::string_view domain) { return IsLocal(domain); });
  if (auto* error = std::get_if<AddressError>(&resolved)) return Refuse(*error, path);
  const Destination& destination = std::get<Destination>(resolved);
  if (!destination.local) return DecideRelay(client, path, destination.domain);
  AddressDecision decision = DecideUser(path, destination.user);
  // A backslash keeps aliases away, so it makes another recipient, for the same mailbox.
  if (absl::StrContains(address, '\\')) decision.key.insert(0, "\\");
  decision.address = address;
  decision.recipient.address = address;
  decision.recipient.bracketed = absl::StrContains(path, '<');
  return decision;
}

std::optional<std::string> LocalAcceptance::UserOf(absl::string_view address) const {
  const auto resolved =
      ResolveAddress(address, [this](absl::string_view domain) { return IsLocal(domain); });
  const auto* destination = std::get_if<Destination>(&resolved);
  if (destination == nullptr || !destination->local || destination->user.empty()) {
    return std::nullopt;
  }
  const absl::StatusOr<User> account = FindAccount(accounts_, destination->user);
  if (!account.ok()) return std::nullopt;
  return account->name;
}

AddressDecision LocalAcceptance::DecideRelay(const Client& client, absl::string_view path,
                                             absl::string_view domain) const {
  if (!IsRelayClient(client) && !IsRelayDomain(domain)) {
    return RefuseByPolicy(550, "5.7.1", path, "Relaying denied");
  }
  return RefuseByPolicy(451, "4.3.5", path,
                        "Relaying is not possible: this version of Stagepost has no SMTP client");
}

AddressDecision LocalAcceptance::DecideUser(absl::string_view path, const std::string& user) const {
  if (user.empty()) return Refuse(553, "5.1.3", path, "User address required");
  if (user.front() == '|') {
    return Refuse(550, "5.7.1", path, "Cannot mail directly to programs");
  }
  if (user.front() == '/') return Refuse(550, "5.7.1", path, "Cannot mail directly to files");
  if (absl::StartsWithIgnoreCase(user, ":include:")) {
    return Refuse(550, "5.7.1", path, "Cannot mail directly to :include:s");
  }
  const absl::StatusOr<User> account = FindAccount(accounts_, user);
  if (absl::IsNotFound(account.status())) {
    AddressDecision decision = Refuse(550, "5.1.1", path, "User unknown");
    decision.unknown_user = true;
    return decision;
  }
  if (!account.ok()) return Refuse(451, "4.3.0", path, "Account data cannot be read now");
  AddressDecision decision;
  decision.reply = Reply(250, "2.1.5", absl::StrCat(Shortened(path), "... Recipient ok"));
  decision.key = absl::AsciiStrToLower(user);
  decision.recipient.user = account->name;
  return decision;
}

bool LocalAcceptance::IsLocal(absl::string_view domain) const {
  return classes_.local.contains(std::string(domain));
}

bool LocalAcceptance::IsLocalClient(const Client& client) const {
  // As in sendmail's rulesets not all of 127/8, whose other addresses get no trust by themselves.
  const bool is_localhost = client.address == IpAddress::V4(0x7f000001) ||
                            (!client.address.is_v4() && client.address.is_loopback());
  return is_localhost || std::find(classes_.own_addresses.begin(), classes_.own_addresses.end(),
                                   client.address) != classes_.own_addresses.end();
}

bool LocalAcceptance::IsRelayClient(const Client& client) const {
  if (IsLocalClient(client)) return true;
  const std::vector<std::string> prefixes = AddressPrefixes(client.address);
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [this](const std::string& prefix) { return classes_.relay.contains(prefix); });
}

bool LocalAcceptance::IsRelayDomain(absl::string_view domain) const {
  if (!IsHostName(domain)) return false;
  while (true) {
    if (classes_.relay.contains(std::string(domain))) return true;
    const size_t dot = domain.find('.');
    if (dot == absl::string_view::npos) return false;
    domain.remove_prefix(dot + 1);
  }
}

}  // namespace stagepost
