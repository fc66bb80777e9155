#include "mta/cf/default_user.h"

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "mta/cf/option_value.h"

namespace stagepost {

Identity DefaultUser(const Options& options, Accounts& accounts) {
  const UserText text = SplitUser(options.Text(OptionId::kDefaultUser));
  Identity identity{UserId{1}, GroupId{1}, {}};
  uint32_t number = 0;
  if (absl::SimpleAtoi(text.user, &number)) {
    identity.user = UserId{number};
  } else if (const absl::StatusOr<User> user = accounts.FindUser(text.user); user.ok()) {
    identity.user = user->id;
    identity.group = user->group;
  }
  if (!text.group.has_value()) return identity;
  if (absl::SimpleAtoi(*text.group, &number)) {
    identity.group = GroupId{number};
  } else if (const absl::StatusOr<Group> group = accounts.FindGroup(*text.group); group.ok()) {
    identity.group = group->id;
  }
  return identity;
}

std::optional<UserId> TrustedUser(const Options& options, Accounts& accounts) {
  const std::string& name = options.Text(OptionId::kTrustedUser);
  if (name.empty()) return std::nullopt;
  uint32_t number = 0;
  if (absl::SimpleAtoi(name, &number)) return UserId{number};
  const absl::StatusOr<User> user = accounts.FindUser(name);
  if (!user.ok()) return std::nullopt;
  return user->id;
}

}  // namespace stagepost
