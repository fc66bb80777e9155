#include "mta/posix/account_index.h"

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
  share_ = Share::kNothing;
  std::ifstream file(switch_path_);
  std::string text;
  while (std::getline(file, text)) {
    absl::string_view line = absl::string_view(text).substr(0, text.find('#'));
    line = absl::StripAsciiWhitespace(line);
    if (!absl::ConsumePrefix(&line, "passwd:")) continue;
    const std::vector<absl::string_view> services =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (services.empty() || services[0] != "files") return;
    // "[NOTFOUND=…]" behind it says what else is to be done; what is found ends the search unless
    // it says so.
    const bool action = services.size() > 1 && absl::StartsWith(services[1], "[");
    share_ = services.size() == 1 ? Share::kAll : action ? Share::kNothing : Share::kFirst;
    return;
  }
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

AccountIndex::Share AccountIndex::Refresh() {
  const MonotonicTime now = MachineMonotonicNow();
  if (!compared_at_.has_value() || now - *compared_at_ >= kGlance) {
    known_ = Compare();
    compared_at_ = now;
  }
  return known_;
}

AccountIndex::Share AccountIndex::Compare() {
  if (!Update(switch_path_, switch_version_, [this] { ReadSwitch(); })) return Share::kNothing;
  if (share_ == Share::kNothing) return share_;
  if (!Update(passwd_path_, passwd_version_, [this] { ReadAccounts(); })) return Share::kNothing;
  return share_;
}

std::optional<absl::StatusOr<User>> AccountIndex::Answer(Share share, const size_t* at) const {
  if (at != nullptr) return absl::StatusOr<User>(users_[*at]);
  if (share != Share::kAll) return std::nullopt;
  return absl::StatusOr<User>(absl::NotFoundError("no such user"));
}

std::optional<absl::StatusOr<User>> AccountIndex::Find(absl::string_view name) {
  const Share share = Refresh();
  if (share == Share::kNothing) return std::nullopt;
  const auto found = by_name_.find(ToStd(name));
  return Answer(share, found == by_name_.end() ? nullptr : &found->second);
}

std::optional<absl::StatusOr<User>> AccountIndex::Find(UserId id) {
  const Share share = Refresh();
  if (share == Share::kNothing) return std::nullopt;
  const auto found = by_id_.find(id);
  return Answer(share, found == by_id_.end() ? nullptr : &found->second);
}

}  // namespace stagepost
