// All maps of one configuration, by name.
//
// A K line is checked when the table is made; files are opened at the first look-up and again when
// they have changed, as sendmail does. Owned by whoever owns the configuration; outlived by
// everything that it is made with.
//
// Classes: arith, arpa, bestmx, btree, dequote, dns, hash, host, implicit, macro, null, program,
// regex, sequence, socket, stab, switch, syslog, text, user. The others that sendmail may have
// (cdb, dbm, hesiod, ldap, netinfo, nis, nisplus, nsd, ph, userdb, …) are refused by name, in the
// words of a sendmail that was built without them.
#ifndef STAGEPOST_MTA_MAPS_MAP_TABLE_H_
#define STAGEPOST_MTA_MAPS_MAP_TABLE_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/cf/configuration.h"
#include "mta/cf/diagnostic.h"
#include "mta/maps/map.h"
#include "mta/maps/map_context.h"

namespace stagepost {

class MapTable {
 public:
  explicit MapTable(MapContext& context);
  ~MapTable();

  // Declares every map of the configuration, and host and user if it has none of these names. What
  // is wrong goes to `diagnostics`, in sendmail's words.
  void DeclareAll(Diagnostics& diagnostics);
  // One more, or another one under that name. Null: there is no such class; other errors leave a
  // map that is there and cannot be opened.
  Map* Declare(const MapDeclaration& declaration, Diagnostics& diagnostics);

  // A map of aliases, of a class that may be one (alias_maps.h). The same otherwise.
  Map* DeclareAliases(const MapDeclaration& declaration, Diagnostics& diagnostics);

  // Null: no such map. `name` in any case.
  Map* Find(absl::string_view name) const;

 private:
  Map* Make(const MapDeclaration& declaration, bool of_aliases, Diagnostics& diagnostics);

  MapContext& context_;
  std::map<std::string, std::unique_ptr<Map>, std::less<>> maps_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_MAP_TABLE_H_
