// Acceptance from two classes and the accounts of the host: what is enough without rulesets.
//
// A recipient is taken if it is an account of this host. Nothing is relayed: what an allowed client
// or an allowed domain asks for beyond that is answered with 451, since this version has no SMTP
// client, and everybody else is told "Relaying denied".
#ifndef STAGEPOST_MTA_SMTP_LOCAL_ACCEPTANCE_H_
#define STAGEPOST_MTA_SMTP_LOCAL_ACCEPTANCE_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/accounts.h"
#include "mta/env/network.h"
#include "mta/smtp/acceptance.h"

namespace stagepost {

// sendmail's classes, members in lower case.
struct HostClasses {
  // Class w: names and address literals ("[192.0.2.25]", "[IPv6:2001:db8::1]") that mean this host.
  std::set<std::string> local;
  // Class R: domains, with their subdomains, and client addresses ("10.1", "10.1.2.3",
  // "IPv6:2001:db8", whole octets or groups from the left) that may be relayed to and from.
  std::set<std::string> relay;
  // The addresses of this host; a client that has one of them, or 127.0.0.1 or ::1, is local.
  std::vector<IpAddress> own_addresses;
};

class LocalAcceptance final : public Acceptance {
 public:
  // Both outlive this.
  LocalAcceptance(const HostClasses& classes, Accounts& accounts)
      : classes_(classes), accounts_(accounts) {}

  Task<AddressDecision> CheckSender(const Client& client, absl::string_view path) override;
  Task<AddressDecision> CheckRecipient(const Client& client, absl::string_view path) override;

  // The account that `address`, of an accepted envelope, means; nullopt if it leads to none.
  std::optional<std::string> UserOf(absl::string_view address) const;

 private:
  AddressDecision DecideSender(const Client& client, absl::string_view path) const;
  AddressDecision DecideRecipient(const Client& client, absl::string_view path) const;
  AddressDecision DecideRelay(const Client& client, absl::string_view path,
                              absl::string_view domain) const;
  AddressDecision DecideUser(absl::string_view path, const std::string& user) const;

  bool IsLocal(absl::string_view domain) const;
  bool IsLocalClient(const Client& client) const;
  bool IsRelayClient(const Client& client) const;
  bool IsRelayDomain(absl::string_view domain) const;

  const HostClasses& classes_;
  Accounts& accounts_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_SMTP_LOCAL_ACCEPTANCE_H_
