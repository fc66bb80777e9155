// The accounts of /etc/passwd, and the groups they are in, in memory, for as long as the files stay
// what they are.
//
// The C library reads a whole file for every name, which costs more than the rest of a refused
// RCPT. What a file says is used only as far as the machine's switch (nsswitch.conf(5)) puts the
// file first; where others are asked behind it (systemd, LDAP, …), only whoever is found is known
// here, and the C library has to be asked for the rest.
//
// Inode, size and times of the files are compared at most once in kFileGlance. A file that was
// changed a moment ago may change again without showing it, and is read again.
#ifndef STAGEPOST_MTA_POSIX_ACCOUNT_INDEX_H_
#define STAGEPOST_MTA_POSIX_ACCOUNT_INDEX_H_

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mta/env/accounts.h"
#include "mta/env/same_file.h"

namespace stagepost {

class AccountIndex {
 public:
  // Where a file is larger nothing is kept.
  static constexpr int64_t kMaxFileBytes = 64 << 20;

  // Other paths are for tests.
  explicit AccountIndex(std::string passwd = "/etc/passwd",
                        std::string nss_switch = "/etc/nsswitch.conf",
                        std::string group = "/etc/group")
      : passwd_path_(std::move(passwd)),
        switch_path_(std::move(nss_switch)),
        group_path_(std::move(group)) {}

  // The first entry with this name, or this id; kNotFound: there is none on this machine. nullopt:
  // somebody else has to be asked.
  std::optional<absl::StatusOr<User>> Find(absl::string_view name);
  std::optional<absl::StatusOr<User>> Find(UserId id);
  // The groups that have this member, in the order of the file. nullopt: as above, and wherever
  // anybody but the file may know of groups.
  std::optional<std::vector<GroupId>> GroupsOf(absl::string_view name);

 private:
  // How far the file is the answer.
  enum class Share : uint8_t { kNothing, kFirst, kAll };

  // A file as it was when it was read.
  struct Version {
    bool Is(const struct stat& now) const;
    struct stat status = {};
    bool known = false;
    bool settled = false;  // it had not been changed just then
  };

  // A database of the switch: how much of it is a file's, and what came of the last look at both.
  struct Database {
    Share share = Share::kNothing;  // as the switch says
    Share known = Share::kNothing;  // what came of the last comparison,
    FileLook compared;
  };

  // Sees that what is in memory is what the file says.
  template <class Read>
  Share Refresh(Database& database, const std::string& path, Version& version, Read read);
  template <class Read>
  Share Compare(const Database& database, const std::string& path, Version& version, Read read);
  Share RefreshUsers();
  // Reads a file if it is another one by now; `version` is that of the file then. Gives whether
  // there is a file that can be used.
  template <class Read>
  bool Update(const std::string& path, Version& version, Read read);
  void ReadSwitch();
  // As "files systemd" says.
  static Share ShareOf(absl::string_view services_text);
  void ReadAccounts();
  void ReadGroups();
  std::optional<absl::StatusOr<User>> Answer(Share share, const size_t* at) const;

  const std::string passwd_path_;
  const std::string switch_path_;
  const std::string group_path_;
  Version passwd_version_, switch_version_, group_version_;
  Database passwd_, group_;
  std::vector<User> users_;
  std::map<std::string, size_t, std::less<>> by_name_;
  std::map<UserId, size_t> by_id_;
  std::map<std::string, std::vector<GroupId>, std::less<>> groups_of_;
  bool knows_all_groups_ = false;  // none was too long to be read
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_POSIX_ACCOUNT_INDEX_H_
