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

// Options that were set to something else than what happens anyway, with their timeouts, words and
// ports; by option. All of severity kNotImplemented.
Diagnostics NotImplemented(const Options& options);

// Also lines, mailer flags and equates, and classes of maps. By line; what has none comes first.
Diagnostics NotImplemented(const Configuration& configuration);

// Logs each of these as a warning. Once, when the configuration is loaded.
void LogNotImplemented(const Configuration& configuration, SystemLog& log);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_NOT_IMPLEMENTED_H_
