// What sendmail knows before it has read its configuration: the names and addresses of this host,
// and the macros and classes that follow from them or are built in. Operations Guide, 5.2, 5.3
// and 5.6 (DontProbeInterfaces).
#ifndef STAGEPOST_MTA_CF_OWN_NAMES_H_
#define STAGEPOST_MTA_CF_OWN_NAMES_H_

#include <memory>

#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/cf/configuration.h"
#include "mta/dns/host_lookup.h"
#include "mta/env/environment.h"

namespace stagepost {

// $j, $w, $m and $k from the host's name, its canonical one as `hosts` finds it; classes w, m and
// k; $n, $v and $b; the built-in members of e, n, s and the long-named classes. Where no full name
// can be found the short one is used and the log says so.
Task<std::unique_ptr<Configuration>> InitialConfiguration(Environment& env, HostLookup& hosts);

// Adds the IPv4 addresses of all interfaces, and the names that they have, to class w, as
// DontProbeInterfaces has it; after the configuration was read.
Task<void> ProbeInterfaces(Environment& env, HostLookup& hosts, Configuration& configuration);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_OWN_NAMES_H_
