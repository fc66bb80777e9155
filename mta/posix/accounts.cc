#include "mta/posix/accounts.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "mta/posix/account_file.h"
#include "mta/posix/thread_identity.h"

namespace stagepost {
namespace {

// Entries of groups with very many members; beyond it the look-up is kUnavailable.
constexpr size_t kEntryBytesMax = 16 * 1024 * 1024;
// Longer names exist nowhere; a name comes from the network.
constexpr size_t kNameBytesMax = 256;
constexpr int kGroupsMax = 65536;  // the kernel's NGROUPS_MAX

std::string Text(const char* text) { return text == nullptr ? "" : text; }

User ToUser(const passwd& entry) {
  return {.name = Text(entry.pw_name),
          .id = UserId{entry.pw_uid},
          .group = GroupId{entry.pw_gid},
          .full_name = Text(entry.pw_gecos),
          .home = Text(entry.pw_dir),
          .shell = Text(entry.pw_shell)};
}

Group ToGroup(const group& entry) {
  return {.name = Text(entry.gr_name), .id = GroupId{entry.gr_gid}};
}

bool Plausible(absl::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && !absl::StrContains(name, '\0');
}

absl::Status NotFound(absl::string_view what) {
  return absl::NotFoundError(absl::StrCat("no such ", what));
}

// Makes one look-up of the C library with as much memory as it needs. `call` is given the entry,
// the memory and where to put the result, as getpwnam_r(3); it returns an errno.
template <class Entry, class Call, class Convert>
auto LookUp(absl::string_view what, Call call, Convert convert)
    -> absl::StatusOr<decltype(convert(std::declval<Entry>()))> {
  ActAsOneself();
  std::vector<char> memory(4096);
  while (true) {
    Entry entry;
    Entry* result = nullptr;
    const int error = call(&entry, memory.data(), memory.size(), &result);
    if (result != nullptr) return convert(*result);
    if (error == 0 || error == ENOENT || error == ESRCH) return NotFound(what);
    if (error == ERANGE && memory.size() < kEntryBytesMax) {
      memory.resize(memory.size() * 2);
    } else if (error != EINTR) {
      return absl::UnavailableError(absl::StrCat("look-up of ", what, ": errno ", error));
    }
  }
}

// The first entry of a private world's file that `matches`; nullopt: there is no such file.
template <class Entry, class Matches, class Convert>
auto Search(const PrivateRoot& root, absl::string_view file, absl::string_view what,
            Matches matches, Convert convert)
    -> std::optional<absl::StatusOr<decltype(convert(std::declval<Entry>()))>> {
  if (!root.active()) return std::nullopt;
  AccountFile<Entry> entries(root.ToMachine(file));
  if (!entries.exists()) return std::nullopt;
  while (const Entry* entry = entries.Next()) {
    if (matches(*entry)) return convert(*entry);
  }
  return NotFound(what);
}

constexpr absl::string_view kPasswd = "/etc/passwd";
constexpr absl::string_view kGroup = "/etc/group";

std::optional<std::vector<GroupId>> PrivateGroupsOf(const PrivateRoot& root, const User& user) {
  if (!root.active()) return std::nullopt;
  AccountFile<group> entries(root.ToMachine(kGroup));
  if (!entries.exists()) return std::nullopt;
  std::vector<GroupId> groups = {user.group};
  while (const group* entry = entries.Next()) {
    for (char** member = entry->gr_mem; *member != nullptr; ++member) {
      if (user.name == *member) groups.push_back(GroupId{entry->gr_gid});
    }
  }
  return groups;
}

absl::StatusOr<std::vector<GroupId>> MachineGroupsOf(const User& user) {
  ActAsOneself();
  std::vector<gid_t> raw(64);
  while (true) {
    int count = static_cast<int>(raw.size());
    if (::getgrouplist(user.name.c_str(), static_cast<gid_t>(user.group), raw.data(), &count) >=
        0) {
      raw.resize(static_cast<size_t>(count));
      break;
    }
    if (raw.size() >= kGroupsMax) {
      return absl::UnavailableError(absl::StrCat("groups of ", user.name, ": too many"));
    }
    raw.resize(raw.size() * 2);
  }
  std::vector<GroupId> groups;
  for (gid_t id : raw) groups.push_back(GroupId{id});
  return groups;
}

}  // namespace

absl::StatusOr<User> PosixAccounts::FindUser(absl::string_view name) {
  const std::string what = absl::StrCat("user ", name);
  if (!Plausible(name)) return NotFound("user");
  const std::string text(name);
  const auto matches = [&](const passwd& entry) { return text == entry.pw_name; };
  if (auto found = Search<passwd>(root_, kPasswd, what, matches, ToUser)) return *found;
  if (auto found = index_.Find(name)) return *std::move(found);
  return LookUp<passwd>(
      what, [&](auto... arguments) { return ::getpwnam_r(text.c_str(), arguments...); }, ToUser);
}

absl::StatusOr<User> PosixAccounts::FindUser(UserId id) {
  const uid_t number = static_cast<uid_t>(id);
  const std::string what = absl::StrCat("user ", number);
  const auto matches = [&](const passwd& entry) { return number == entry.pw_uid; };
  if (auto found = Search<passwd>(root_, kPasswd, what, matches, ToUser)) return *found;
  if (auto found = index_.Find(id)) return *std::move(found);
  return LookUp<passwd>(
      what, [&](auto... arguments) { return ::getpwuid_r(number, arguments...); }, ToUser);
}

absl::StatusOr<User> PosixAccounts::FindUserWhere(absl::FunctionRef<bool(const User&)> matches) {
  const auto is_match = [&](const passwd& entry) { return matches(ToUser(entry)); };
  if (auto found = Search<passwd>(root_, kPasswd, "user", is_match, ToUser)) return *found;
  absl::StatusOr<User> found = NotFound("user");
  ActAsOneself();
  ::setpwent();
  errno = 0;
  // The program has one thread: nobody else asks meanwhile.
  while (const passwd* entry = ::getpwent()) {
    if (!is_match(*entry)) continue;
    found = ToUser(*entry);
    break;
  }
  if (!found.ok() && errno != 0 && errno != ENOENT) {
    found = absl::UnavailableError(absl::StrCat("look-up of all users: errno ", errno));
  }
  ::endpwent();
  return found;
}

absl::StatusOr<Group> PosixAccounts::FindGroup(absl::string_view name) {
  const std::string what = absl::StrCat("group ", name);
  if (!Plausible(name)) return NotFound("group");
  const std::string text(name);
  const auto matches = [&](const group& entry) { return text == entry.gr_name; };
  if (auto found = Search<group>(root_, kGroup, what, matches, ToGroup)) return *found;
  return LookUp<group>(
      what, [&](auto... arguments) { return ::getgrnam_r(text.c_str(), arguments...); }, ToGroup);
}

absl::StatusOr<Group> PosixAccounts::FindGroup(GroupId id) {
  const gid_t number = static_cast<gid_t>(id);
  const std::string what = absl::StrCat("group ", number);
  const auto matches = [&](const group& entry) { return number == entry.gr_gid; };
  if (auto found = Search<group>(root_, kGroup, what, matches, ToGroup)) return *found;
  return LookUp<group>(
      what, [&](auto... arguments) { return ::getgrgid_r(number, arguments...); }, ToGroup);
}

absl::StatusOr<Identity> PosixAccounts::IdentityOf(const User& user) {
  std::vector<GroupId> groups;
  if (std::optional<std::vector<GroupId>> own = PrivateGroupsOf(root_, user)) {
    groups = *std::move(own);
  } else if (std::optional<std::vector<GroupId>> known = index_.GroupsOf(user.name)) {
    groups = *std::move(known);
    groups.push_back(user.group);
  } else {
    absl::StatusOr<std::vector<GroupId>> found = MachineGroupsOf(user);
    if (!found.ok()) return found.status();
    groups = *std::move(found);
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return Identity{.user = user.id, .group = user.group, .supplementary = std::move(groups)};
}

}  // namespace stagepost
