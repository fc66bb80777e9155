// All maps of one configuration, by name.
//
// A K line is checked when the table is made; files are opened at the first look-up and again when
// they have changed, as sendmail does. Owned by whoever owns the configuration; outlived by
// everything that it is made with.
#ifndef STAGEPOST_MTA_MAPS_MAP_TABLE_H_
#define STAGEPOST_MTA_MAPS_MAP_TABLE_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/cf/configuration.h"
#include "mta/cf/diagnostic.h"
#include "mta/env/environment.h"
#include "mta/maps/map.h"

namespace stagepost {

class HostLookup;  // mta/dns/host_lookup.h

// What the maps of a table work with. `macros` is what the macro map writes and the ${…} of a map's
// own arguments are read from; a session points it at its own envelope for the time of a look-up.
struct MapContext {
  Environment& env;
  Configuration& configuration;
  Macros* macros;
  HostLookup& hosts;
  // Delivery is put off for now (DeliveryMode=defer): maps with -D are not asked.
  bool deferred = false;
  // Set as long as the recipients, senders … of one envelope are worked on; for the log.
  std::string queue_id;
};

class MapTable {
 public:
  explicit MapTable(MapContext& context) : context_(context) {}

  // Declares every map of the configuration, and those that need no declaration (host, dequote,
  // … as sendmail has them). What is wrong goes to `diagnostics`, in sendmail's words.
  void DeclareAll(Diagnostics& diagnostics);
  // One more, such as an alias file's; null after an error.
  Map* Declare(const MapDeclaration& declaration, Diagnostics& diagnostics);

  // Null: no such map. `name` in any case.
  Map* Find(absl::string_view name) const;

 private:
  MapContext& context_;
  std::map<std::string, std::unique_ptr<Map>, std::less<>> maps_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_MAP_TABLE_H_
