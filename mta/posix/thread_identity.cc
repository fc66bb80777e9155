#include "mta/posix/thread_identity.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "mta/base/check.h"

namespace stagepost {
namespace {

std::vector<GroupId> KernelGroups() {
  std::vector<gid_t> raw(std::max(::getgroups(0, nullptr), 0));
  const int count = ::getgroups(static_cast<int>(raw.size()), raw.data());
  CHECK(count >= 0) << "getgroups";
  std::vector<GroupId> groups;
  for (int i = 0; i < count; ++i) groups.push_back(GroupId{raw[i]});
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

std::vector<GroupId> Without(std::vector<GroupId> groups, GroupId group) {
  std::erase(groups, group);
  return groups;
}

bool SetThreadGroups(const std::vector<GroupId>& groups) {
  static_assert(sizeof(GroupId) == sizeof(gid_t));
  return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0;
}

// These two calls report no errors; asking with an id that is none tells who we are.
bool SetThreadIds(UserId user, GroupId group) {
  ::syscall(SYS_setfsgid, static_cast<gid_t>(group));
  ::syscall(SYS_setfsuid, static_cast<uid_t>(user));
  return static_cast<gid_t>(::syscall(SYS_setfsgid, -1)) == static_cast<gid_t>(group) &&
         static_cast<uid_t>(::syscall(SYS_setfsuid, -1)) == static_cast<uid_t>(user);
}

}  // namespace

void OwnIdentity::Refresh() {
  CHECK(absent_ == nullptr);
  uid_t real_user, effective_user, saved_user;
  gid_t real_group, effective_group, saved_group;
  CHECK(::getresuid(&real_user, &effective_user, &saved_user) == 0);
  CHECK(::getresgid(&real_group, &effective_group, &saved_group) == 0);
  credentials_ = {.real_user = UserId{real_user},
                  .effective_user = UserId{effective_user},
                  .saved_user = UserId{saved_user},
                  .real_group = GroupId{real_group},
                  .effective_group = GroupId{effective_group},
                  .saved_group = GroupId{saved_group},
                  .supplementary = KernelGroups()};
}

bool OwnIdentity::Has(const Identity& identity) const {
  if (identity.user != credentials_.effective_user) return false;
  if (identity.group != credentials_.effective_group) return false;
  if (rehearsal_ && !privileged()) return true;
  return Without(identity.supplementary, identity.group) ==
         Without(credentials_.supplementary, identity.group);
}

OwnIdentity::~OwnIdentity() {
  if (absent_ == this) ComeBack();
}

bool OwnIdentity::Become(const Identity& identity) {
  if (Has(identity)) {
    ActAsOneself();
    return true;
  }
  if (!privileged()) return false;
  if (absent_ != this) ActAsOneself();  // there may be another Environment
  if (absent_ == nullptr) groups_ = credentials_.supplementary;
  absent_ = this;
  // The primary group counts without being listed. Most users have no other.
  std::vector<GroupId> groups = Without(identity.supplementary, identity.group);
  acting_as_ = identity;
  // Root of a user namespace may lack the right, or the id may mean nothing there.
  bool become = groups == groups_;
  if (!become && SetThreadGroups(groups)) {
    groups_ = std::move(groups);
    become = true;
  }
  become = become && SetThreadIds(identity.user, identity.group);
  if (!become) ComeBack();
  return become;
}

void OwnIdentity::ComeBack() {
  absent_ = nullptr;
  CHECK(SetThreadIds(credentials_.effective_user, credentials_.effective_group));
  if (groups_ == credentials_.supplementary) return;
  CHECK(SetThreadGroups(credentials_.supplementary));
}

}  // namespace stagepost
