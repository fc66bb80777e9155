#include "mta/daemon/class_file.h"

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/base/errno.h"
#include "mta/base/status_macros.h"
#include "mta/cf/class_file.h"
#include "mta/cf/classes.h"

namespace stagepost {
namespace {

constexpr NameId kClass = OneCharacterName('w');

// The members in `path`, in lower case. A file that does not exist gives none; errors are in
// sendmail's words.
Task<absl::StatusOr<std::set<std::string>>> ReadMembers(Environment& env, std::string path) {
  Classes classes;
  ClassWords words(classes, kClass, /*pattern=*/nullptr);
  const absl::Status status =
      co_await ReadClassFile(env, path, ClassFileRules(BlameFlags()), words);
  if (!status.ok() && ErrnoOf(status) != Errno::kENOENT) {
    co_return absl::Status(status.code(), ClassFileError(path, status));
  }
  std::set<std::string> members;
  for (const absl::string_view word : classes.Words(kClass)) {
    members.insert(absl::AsciiStrToLower(word));
  }
  co_return members;
}

}  // namespace

Task<absl::StatusOr<HostClasses>> ReadHostClasses(Environment& env, const Settings& settings) {
  HostClasses classes;
  CO_ASSIGN_OR_RETURN(classes.local, co_await ReadMembers(env, settings.local_host_names_file));
  CO_ASSIGN_OR_RETURN(classes.relay, co_await ReadMembers(env, settings.relay_domains_file));
  const std::string name = absl::AsciiStrToLower(env.host().name());
  classes.local.insert(name);
  classes.local.insert(name.substr(0, name.find('.')));
  classes.local.insert("localhost");
  classes.own_addresses = env.host().interface_addresses();
  for (const IpAddress& address : classes.own_addresses) {
    // "user@[127.0.0.1]" says nothing about whose loopback is meant.
    if (address.is_loopback()) continue;
    classes.local.insert(
        absl::StrCat("[", address.is_v4() ? "" : "ipv6:", address.ToString(), "]"));
  }
  co_return classes;
}

}  // namespace stagepost
