#include "sim/world/sim_accounts.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace stagepost {
namespace {

// A name that passwd(5) and group(5) could hold.
absl::Status CheckName(absl::string_view name) {
  if (name.empty() || name.find_first_of(":,\n") != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat("'", name, "' is no user or group name"));
  }
  return absl::OkStatus();
}

}  // namespace

SimAccounts::SimAccounts() {
  users_.push_back(User{.name = "root",
                        .id = kRootUser,
                        .group = kRootGroup,
                        .full_name = "root",
                        .home = "/root",
                        .shell = "/bin/sh"});
  groups_.push_back(GroupRow{.group = {.name = "root", .id = kRootGroup}, .members = {}});
}

absl::Status SimAccounts::AddUser(const User& user) {
  if (absl::Status status = CheckName(user.name); !status.ok()) return status;
  if (Find(user.name) != nullptr) {
    return absl::AlreadyExistsError(absl::StrCat("user ", user.name, " exists already"));
  }
  users_.push_back(user);
  return absl::OkStatus();
}

absl::Status SimAccounts::AddGroup(const Group& group, const std::vector<std::string>& members) {
  if (absl::Status status = CheckName(group.name); !status.ok()) return status;
  if (FindRow(group.name) != nullptr) {
    return absl::AlreadyExistsError(absl::StrCat("group ", group.name, " exists already"));
  }
  groups_.push_back(GroupRow{.group = group, .members = members});
  return absl::OkStatus();
}

absl::Status SimAccounts::RemoveUser(absl::string_view name) {
  if (std::erase_if(users_, [&](const User& user) { return user.name == name; }) == 0) {
    return absl::NotFoundError(absl::StrCat("no user ", name));
  }
  return absl::OkStatus();
}

absl::Status SimAccounts::RemoveGroup(absl::string_view name) {
  if (std::erase_if(groups_, [&](const GroupRow& row) { return row.group.name == name; }) == 0) {
    return absl::NotFoundError(absl::StrCat("no group ", name));
  }
  return absl::OkStatus();
}

absl::Status SimAccounts::AddMember(absl::string_view group, absl::string_view user) {
  GroupRow* const row = FindRow(group);
  if (row == nullptr) return absl::NotFoundError(absl::StrCat("no group ", group));
  row->members.emplace_back(user);
  return absl::OkStatus();
}

absl::StatusOr<User> SimAccounts::FindUser(absl::string_view name) {
  if (absl::Status status = Available(); !status.ok()) return status;
  const User* const user = Find(name);
  if (user == nullptr) return absl::NotFoundError(absl::StrCat("no user ", name));
  return *user;
}

absl::StatusOr<User> SimAccounts::FindUser(UserId id) {
  if (absl::Status status = Available(); !status.ok()) return status;
  for (const User& user : users_) {
    if (user.id == id) return user;
  }
  return absl::NotFoundError(absl::StrCat("no user with id ", static_cast<uint32_t>(id)));
}

absl::StatusOr<User> SimAccounts::FindUserWhere(absl::FunctionRef<bool(const User&)> matches) {
  if (absl::Status status = Available(); !status.ok()) return status;
  for (const User& user : users_) {
    if (matches(user)) return user;
  }
  return absl::NotFoundError("no such user");
}

absl::StatusOr<Group> SimAccounts::FindGroup(absl::string_view name) {
  if (absl::Status status = Available(); !status.ok()) return status;
  const GroupRow* const row = FindRow(name);
  if (row == nullptr) return absl::NotFoundError(absl::StrCat("no group ", name));
  return row->group;
}

absl::StatusOr<Group> SimAccounts::FindGroup(GroupId id) {
  if (absl::Status status = Available(); !status.ok()) return status;
  for (const GroupRow& row : groups_) {
    if (row.group.id == id) return row.group;
  }
  return absl::NotFoundError(absl::StrCat("no group with id ", static_cast<uint32_t>(id)));
}

absl::StatusOr<Identity> SimAccounts::IdentityOf(const User& user) {
  if (absl::Status status = Available(); !status.ok()) return status;
  Identity identity{.user = user.id, .group = user.group, .supplementary = {user.group}};
  std::vector<GroupId>& groups = identity.supplementary;
  for (const GroupRow& row : groups_) {
    if (std::find(row.members.begin(), row.members.end(), user.name) != row.members.end()) {
      groups.push_back(row.group.id);
    }
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return identity;
}

User* SimAccounts::Find(absl::string_view name) {
  for (User& user : users_) {
    if (user.name == name) return &user;
  }
  return nullptr;
}

SimAccounts::GroupRow* SimAccounts::FindRow(absl::string_view name) {
  for (GroupRow& row : groups_) {
    if (row.group.name == name) return &row;
  }
  return nullptr;
}

absl::Status SimAccounts::Available() const {
  if (available_) return absl::OkStatus();
  return absl::UnavailableError("the account service does not answer");
}

}  // namespace stagepost
