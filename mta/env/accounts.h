// Users and groups of the host: passwd(5) and group(5). Look-ups run inline.
//
// kNotFound: there is no such user or group. kUnavailable: it cannot be known now (try again
// later).
#ifndef STAGEPOST_MTA_ENV_ACCOUNTS_H_
#define STAGEPOST_MTA_ENV_ACCOUNTS_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/env/identity.h"

namespace stagepost {

struct User {
  std::string name;
  UserId id = kRootUser;
  GroupId group = kRootGroup;
  std::string full_name;  // GECOS as it stands
  std::string home;
  std::string shell;
};

struct Group {
  std::string name;
  GroupId id = kRootGroup;
};

class Accounts {
 public:
  virtual ~Accounts() = default;

  virtual absl::StatusOr<User> FindUser(absl::string_view name) = 0;
  virtual absl::StatusOr<User> FindUser(UserId id) = 0;
  // The first one that `matches`, in the order of the database: slow where there are many.
  virtual absl::StatusOr<User> FindUserWhere(absl::FunctionRef<bool(const User&)> matches) = 0;
  virtual absl::StatusOr<Group> FindGroup(absl::string_view name) = 0;
  virtual absl::StatusOr<Group> FindGroup(GroupId id) = 0;
  // Ids and all groups of a user, as initgroups(3) would set them.
  virtual absl::StatusOr<Identity> IdentityOf(const User& user) = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_ENV_ACCOUNTS_H_
