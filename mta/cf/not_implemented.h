// What a configuration asks for and does not get: nothing is ignored silently.
//
// The tables say what has an effect (support.h). Whoever loads a configuration logs this once, as a
// warning; `stagepost lint` shows it.
#ifndef STAGEPOST_MTA_CF_NOT_IMPLEMENTED_H_
#define STAGEPOST_MTA_CF_NOT_IMPLEMENTED_H_

#include "mta/cf/configuration.h"
#include "mta/cf/diagnostic.h"
#include "mta/cf/options.h"

namespace stagepost {

// Options that were set to something else than what Stagepost does anyway, with their timeouts,
// words and ports; by option. All of severity kNotImplemented.
Diagnostics NotImplemented(const Options& options);

// Also lines, mailer flags and equates, and classes of maps. By line; what has none comes first.
Diagnostics NotImplemented(const Configuration& configuration);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_NOT_IMPLEMENTED_H_
