// The two classes that this daemon works with, made from class files as sendmail's F lines read
// them.
#ifndef STAGEPOST_MTA_DAEMON_CLASS_FILE_H_
#define STAGEPOST_MTA_DAEMON_CLASS_FILE_H_

#include "absl/status/statusor.h"
#include "mta/async/task.h"
#include "mta/daemon/settings.h"
#include "mta/env/environment.h"
#include "mta/smtp/local_acceptance.h"

namespace stagepost {

// Class w: the host's name, its first label, "localhost", its addresses in brackets (loopback ones
// not), and the members of local-host-names. Class R: the members of relay-domains. A file that is
// missing is empty; errors are those of mta/cf/class_file.h.
Task<absl::StatusOr<HostClasses>> ReadHostClasses(Environment& env, const Settings& settings);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_CLASS_FILE_H_
