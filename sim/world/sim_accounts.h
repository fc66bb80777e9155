// Users and groups of a simulated host: passwd(5) and group(5) as a scenario declares them.
#ifndef STAGEPOST_SIM_WORLD_SIM_ACCOUNTS_H_
#define STAGEPOST_SIM_WORLD_SIM_ACCOUNTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/env/accounts.h"
#include "mta/env/identity.h"

namespace stagepost {

// One table per host, shared by its processes. As in passwd(5), two users may share an id; the one
// declared first is found by it.
class SimAccounts final : public Accounts {
 public:
  // Made with root (0:0, /root) only.
  SimAccounts();

  // kAlreadyExists if the name is taken; kInvalidArgument if it is empty or has a ':', '\n' or ','.
  absl::Status AddUser(const User& user);
  absl::Status AddGroup(const Group& group, const std::vector<std::string>& members);
  // kNotFound if there is none.
  absl::Status RemoveUser(absl::string_view name);
  absl::Status RemoveGroup(absl::string_view name);
  // Puts `user` into an existing group.
  absl::Status AddMember(absl::string_view group, absl::string_view user);
  // While unavailable every look-up fails with kUnavailable, as behind a directory service that is
  // down.
  void SetAvailable(bool available) { available_ = available; }

  absl::StatusOr<User> FindUser(absl::string_view name) override;
  absl::StatusOr<User> FindUser(UserId id) override;
  absl::StatusOr<User> FindUserWhere(absl::FunctionRef<bool(const User&)> matches) override;
  absl::StatusOr<Group> FindGroup(absl::string_view name) override;
  absl::StatusOr<Group> FindGroup(GroupId id) override;
  absl::StatusOr<Identity> IdentityOf(const User& user) override;

  const std::vector<User>& users() const { return users_; }  // in order of declaration

 private:
  struct GroupRow {
    Group group;
    std::vector<std::string> members;
  };
  User* Find(absl::string_view name);
  GroupRow* FindRow(absl::string_view name);
  absl::Status Available() const;

  std::vector<User> users_;
  std::vector<GroupRow> groups_;
  bool available_ = true;
};

}  // namespace stagepost

#endif  // STAGEPOST_SIM_WORLD_SIM_ACCOUNTS_H_
