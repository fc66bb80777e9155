// What a configuration asks for and does not get: nothing is ignored silently.
//
// The tables say what has an effect (support.h). Whoever loads a configuration logs this once, as a
// warning; `stagepost lint` shows it.
#ifndef STAGEPOST_MTA_CF_NOT_IMPLEMENTED_H_
#define STAGEPOST_MTA_CF_NOT_IMPLEMENTED_H_

#include "mta/cf/configuration.h"
#include "mta/cf/diagnostic.h"
#include "mta/cf/options.h"
#include "mta/env/system_log.h"

namespace stagepost {

// Options of a daemon's command line that were set to something else than what it does anyway, with
// their timeouts, words and ports; by option. All of severity kNotImplemented.
Diagnostics NotImplemented(const Options& options);

// Of what a file says: also lines, mailer flags and equates, and classes of maps, but not what -bt
// does. By line; what has none comes first.
Diagnostics NotImplemented(const Configuration& configuration);

// Logs each of these as a warning. Once, when the configuration is loaded.
void LogNotImplemented(const Configuration& configuration, SystemLog& log);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_NOT_IMPLEMENTED_H_
