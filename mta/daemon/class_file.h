// Class files: what sendmail's F lines read, and the two classes of this version made from them.
#ifndef STAGEPOST_MTA_DAEMON_CLASS_FILE_H_
#define STAGEPOST_MTA_DAEMON_CLASS_FILE_H_

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "mta/async/task.h"
#include "mta/daemon/settings.h"
#include "mta/env/environment.h"
#include "mta/smtp/local_acceptance.h"

namespace stagepost {

// The largest class file. A member is at most 255 bytes long.
inline constexpr size_t kMaxClassFileBytes = 1 << 20;

// The first word of each line of `path`, in lower case, lines that begin with '#' left out. A file
// that does not exist gives the empty class. Errors are in sendmail's words: "fileclass: cannot
// open
// '/etc/mail/local-host-names': Permission denied".
Task<absl::StatusOr<std::set<std::string>>> ReadClassFile(Environment& env, std::string path);

// Class w: the host's name, its first label, "localhost", its addresses in brackets (loopback ones
// not), and the members of local-host-names. Class R: the members of relay-domains.
Task<absl::StatusOr<HostClasses>> ReadHostClasses(Environment& env, const Settings& settings);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_CLASS_FILE_H_
