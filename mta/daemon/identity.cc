#include "mta/daemon/identity.h"

#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "mta/base/status_macros.h"
#include "mta/cf/default_user.h"

namespace stagepost {
namespace {

absl::StatusOr<User> FindUser(Accounts& accounts, const std::string& name) {
  uint32_t number = 0;
  return absl::SimpleAtoi(name, &number) ? accounts.FindUser(UserId{number})
                                         : accounts.FindUser(name);
}

absl::StatusOr<Group> FindGroup(Accounts& accounts, const std::string& name) {
  uint32_t number = 0;
  return absl::SimpleAtoi(name, &number) ? accounts.FindGroup(GroupId{number})
                                         : accounts.FindGroup(name);
}

}  // namespace

absl::StatusOr<std::optional<Identity>> RunAsIdentity(Environment& env, const Options& options) {
  const std::string& option = options.Text(OptionId::kRunAsUser);
  if (option.empty()) return std::nullopt;
  const size_t colon = option.find_first_of(":.");
  const std::string name = option.substr(0, colon);
  const absl::StatusOr<User> user = FindUser(env.accounts(), name);
  if (!user.ok()) {
    return absl::NotFoundError(absl::StrCat("readcf: option RunAsUser: unknown user ", name));
  }
  absl::StatusOr<Identity> identity = env.accounts().IdentityOf(*user);
  if (!identity.ok()) {
    return absl::UnavailableError(
        absl::StrCat("readcf: option RunAsUser: cannot read the groups of user ", name));
  }
  if (colon != std::string::npos) {
    const std::string group_name = option.substr(colon + 1);
    const absl::StatusOr<Group> group = FindGroup(env.accounts(), group_name);
    if (!group.ok()) {
      return absl::NotFoundError(
          absl::StrCat("readcf: option RunAsUser: unknown group ", group_name));
    }
    identity->group = group->id;
  }
  return std::optional(*std::move(identity));
}

absl::Status BecomeRunAsUser(Environment& env, const Options& options, std::string* warning) {
  ASSIGN_OR_RETURN(const std::optional<Identity> identity, RunAsIdentity(env, options));
  if (!identity.has_value()) return absl::OkStatus();
  const Credentials& own = env.process().credentials();
  if (own.effective() == *identity) return absl::OkStatus();
  if (own.effective_user != kRootUser) {
    if (warning != nullptr && options.Flag(OptionId::kUseMSP) &&
        own.effective_group != identity->group) {
      *warning = absl::StrCat("WARNING: RunAsUser for MSP ignored, check group ids (egid=",
                              static_cast<uint32_t>(own.effective_group),
                              ", want=", static_cast<uint32_t>(identity->group), ")");
    }
    return absl::OkStatus();
  }
  const absl::Status status = env.process().BecomePermanently(*identity);
  if (status.ok()) return status;
  return absl::PermissionDeniedError(absl::StrCat(
      "drop_privileges: RunAsUser ", options.Text(OptionId::kRunAsUser), ": ", status.message()));
}

absl::Status GiveUpSetIds(Environment& env) {
  const Credentials& own = env.process().credentials();
  const bool same = own.real_user == own.effective_user && own.real_user == own.saved_user &&
                    own.real_group == own.effective_group && own.real_group == own.saved_group;
  if (same) return absl::OkStatus();
  return env.process().BecomePermanently({own.real_user, own.real_group, own.supplementary});
}

bool IsTrusted(Environment& env, const Options& options) {
  const UserId real = env.process().credentials().real_user;
  if (real == kRootUser) return true;
  return TrustedUser(options, env.accounts()) == real;
}

}  // namespace stagepost
