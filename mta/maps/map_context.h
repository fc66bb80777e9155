// What the maps of a table work with. Owned by whoever owns the configuration; outlives the maps.
#ifndef STAGEPOST_MTA_MAPS_MAP_CONTEXT_H_
#define STAGEPOST_MTA_MAPS_MAP_CONTEXT_H_

#include <string>

#include "mta/cf/configuration.h"
#include "mta/env/environment.h"

namespace stagepost {

class HostLookup;  // mta/dns/host_lookup.h

// `macros` is what the macro map writes, and where $m comes from; a session points it at its own
// envelope for the time of a look-up.
struct MapContext {
  Environment& env;
  Configuration& configuration;
  Macros* macros;
  HostLookup& hosts;
  // Delivery is put off for now (DeliveryMode=defer): maps with -D are not asked.
  bool deferred = false;
  // Set as long as the recipients, senders … of one envelope are worked on; for the log.
  std::string queue_id = {};
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_MAP_CONTEXT_H_
