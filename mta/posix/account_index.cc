#include "mta/posix/account_index.h"

#include <grp.h>
#include <pwd.h>

#include <fstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "mta/base/strings.h"
#include "mta/posix/account_file.h"
#include "mta/posix/event_loop.h"
#include "mta/posix/thread_identity.h"

namespace stagepost {
namespace {

// Times of files are those of the kernel's ticks: after so long a change shows.
constexpr absl::Duration kUnsettled = absl::Milliseconds(100);

std::string Text(const char* text) { return text == nullptr ? "" : text; }

bool SameTime(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

bool AccountIndex::Version::Is(const struct stat& now) const {
  return known && settled && status.st_dev == now.st_dev && status.st_ino == now.st_ino &&
         status.st_size == now.st_size && SameTime(status.st_mtim, now.st_mtim) &&
         SameTime(status.st_ctim, now.st_ctim);
}

template <class Read>
bool AccountIndex::Update(const std::string& path, Version& version, Read read) {
  struct stat now;
  if (::stat(path.c_str(), &now) != 0 || !S_ISREG(now.st_mode) || now.st_size > kMaxFileBytes) {
    version = {};
    return false;
  }
  if (version.Is(now)) return true;
  read();
  version.known = true;
  version.status = now;
  version.settled = absl::Now() - absl::TimeFromTimespec(now.st_ctim) > kUnsettled;
  return true;
}

void AccountIndex::ReadSwitch() {
  passwd_.share = group_.share = Share::kNothing;
  std::optional<Share> passwd, group, initgroups;
  std::ifstream file(switch_path_);
  std::string text;
  while (std::getline(file, text)) {
    absl::string_view line = absl::string_view(text).substr(0, text.find('#'));
    line = absl::StripAsciiWhitespace(line);
    std::optional<Share>* database = nullptr;
    if (absl::ConsumePrefix(&line, "passwd:")) database = &passwd;
    if (absl::ConsumePrefix(&line, "group:")) database = &group;
    if (absl::ConsumePrefix(&line, "initgroups:")) database = &initgroups;
    // Of several lines the first one counts.
    if (database != nullptr && !database->has_value()) *database = ShareOf(line);
  }
  passwd_.share = passwd.value_or(Share::kNothing);
  group_.share = group.value_or(Share::kNothing);
  if (initgroups.has_value() && *initgroups != Share::kAll) group_.share = Share::kNothing;
}

AccountIndex::Share AccountIndex::ShareOf(absl::string_view services_text) {
  const std::vector<absl::string_view> services =
      absl::StrSplit(services_text, absl::ByAnyChar(" \t"), absl::SkipEmpty());
  if (services.empty() || services[0] != "files") return Share::kNothing;
  if (services.size() == 1) return Share::kAll;
  // "[NOTFOUND=…]" behind it says what else is to be done; what is found ends the search unless it
  // says so.
  return absl::StartsWith(services[1], "[") ? Share::kNothing : Share::kFirst;
}

void AccountIndex::ReadAccounts() {
  users_.clear();
  by_name_.clear();
  by_id_.clear();
  AccountFile<passwd> entries(passwd_path_);
  if (!entries.exists()) return;
  while (const passwd* entry = entries.Next()) {
    // Lines of NIS that the file service does not take for accounts.
    if (entry->pw_name[0] == '+' || entry->pw_name[0] == '-') continue;
    const size_t at = users_.size();
    users_.push_back({.name = Text(entry->pw_name),
                      .id = UserId{entry->pw_uid},
                      .group = GroupId{entry->pw_gid},
                      .full_name = Text(entry->pw_gecos),
                      .home = Text(entry->pw_dir),
                      .shell = Text(entry->pw_shell)});
    by_name_.emplace(users_[at].name, at);
    by_id_.emplace(users_[at].id, at);
  }
}

void AccountIndex::ReadGroups() {
  groups_of_.clear();
  knows_all_groups_ = false;
  AccountFile<group> entries(group_path_);
  if (!entries.exists()) return;
  while (const group* entry = entries.Next()) {
    if (entry->gr_name[0] == '+' || entry->gr_name[0] == '-') continue;
    for (char** member = entry->gr_mem; *member != nullptr; ++member) {
      groups_of_[*member].push_back(GroupId{entry->gr_gid});
    }
  }
  knows_all_groups_ = !entries.cut_short();
}

template <class Read>
AccountIndex::Share AccountIndex::Refresh(Database& database, const std::string& path,
                                          Version& version, Read read) {
  const MonotonicTime now = MachineMonotonicNow();
  if (!database.compared.IsRecent(now)) {
    database.known = Compare(database, path, version, read);
    database.compared.FoundSame(now);
  }
  return database.known;
}

template <class Read>
AccountIndex::Share AccountIndex::Compare(const Database& database, const std::string& path,
                                          Version& version, Read read) {
  ActAsOneself();
  if (!Update(switch_path_, switch_version_, [this] { ReadSwitch(); })) return Share::kNothing;
  if (database.share == Share::kNothing) return Share::kNothing;
  return Update(path, version, read) ? database.share : Share::kNothing;
}

AccountIndex::Share AccountIndex::RefreshUsers() {
  return Refresh(passwd_, passwd_path_, passwd_version_, [this] { ReadAccounts(); });
}

std::optional<absl::StatusOr<User>> AccountIndex::Answer(Share share, const size_t* at) const {
  if (at != nullptr) return absl::StatusOr<User>(users_[*at]);
  if (share != Share::kAll) return std::nullopt;
  return absl::StatusOr<User>(absl::NotFoundError("no such user"));
}

std::optional<absl::StatusOr<User>> AccountIndex::Find(absl::string_view name) {
  const Share share = RefreshUsers();
  if (share == Share::kNothing) return std::nullopt;
  const auto found = by_name_.find(ToStd(name));
  return Answer(share, found == by_name_.end() ? nullptr : &found->second);
}

std::optional<absl::StatusOr<User>> AccountIndex::Find(UserId id) {
  const Share share = RefreshUsers();
  if (share == Share::kNothing) return std::nullopt;
  const auto found = by_id_.find(id);
  return Answer(share, found == by_id_.end() ? nullptr : &found->second);
}

std::optional<std::vector<GroupId>> AccountIndex::GroupsOf(absl::string_view name) {
  const Share share = Refresh(group_, group_path_, group_version_, [this] { ReadGroups(); });
  if (share != Share::kAll || !knows_all_groups_) return std::nullopt;
  const auto found = groups_of_.find(ToStd(name));
  return found == groups_of_.end() ? std::vector<GroupId>() : found->second;
}

}  // namespace stagepost
