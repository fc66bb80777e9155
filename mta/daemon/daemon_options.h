// Options on the command line of a daemon or a queue run, which read no configuration file yet.
//
// Whoever sets an option there wants what it does: one that has no effect in this version is an
// error, where a configuration file would only get a warning.
#ifndef STAGEPOST_MTA_DAEMON_DAEMON_OPTIONS_H_
#define STAGEPOST_MTA_DAEMON_DAEMON_OPTIONS_H_

#include <optional>

#include "mta/daemon/settings.h"

namespace stagepost {

// Reads settings.long_options and then settings.short_options into the other fields. What is wrong
// with a value is said in sendmail's words, where it has any.
std::optional<UsageError> ApplyOptions(Settings& settings);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_DAEMON_DAEMON_OPTIONS_H_
