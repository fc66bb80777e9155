// Users and groups: the machine's by getpwnam_r(3) and its kin, or those of a private world from
// <root>/etc/passwd and <root>/etc/group (each of the two where it exists, else the machine's).
#ifndef STAGEPOST_MTA_POSIX_ACCOUNTS_H_
#define STAGEPOST_MTA_POSIX_ACCOUNTS_H_

#include <string>

#include "mta/env/accounts.h"
#include "mta/posix/account_index.h"
#include "mta/posix/private_root.h"

namespace stagepost {

class PosixAccounts final : public Accounts {
 public:
  // `root` outlives it.
  explicit PosixAccounts(const PrivateRoot& root) : root_(root) {}

  absl::StatusOr<User> FindUser(absl::string_view name) override;
  absl::StatusOr<User> FindUser(UserId id) override;
  absl::StatusOr<User> FindUserWhere(absl::FunctionRef<bool(const User&)> matches) override;
  absl::StatusOr<Group> FindGroup(absl::string_view name) override;
  absl::StatusOr<Group> FindGroup(GroupId id) override;
  absl::StatusOr<Identity> IdentityOf(const User& user) override;

 private:
  const PrivateRoot& root_;
  AccountIndex index_;  // of the machine
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_ACCOUNTS_H_
