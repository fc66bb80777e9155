// The classes of maps: each is made by a function from the arguments of a K line.
#ifndef STAGEPOST_MTA_MAPS_MAP_CLASSES_H_
#define STAGEPOST_MTA_MAPS_MAP_CLASSES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/maps/base_map.h"
#include "mta/maps/map_context.h"

namespace stagepost {

class MapTable;

struct MapArguments {
  MapContext& context;
  MapTable& table;  // for maps that are made of maps
  std::string name;
  absl::string_view map_class;  // lives as long as the program
  absl::string_view text;       // flags, file and the rest
  // sendmail's words about what is wrong. The map is there all the same, as sendmail's is.
  std::vector<std::string>& errors;
  bool of_aliases = false;  // Alias0, …: values may be long
};

// A map of aliases that newaliases makes: hash, btree or implicit. Waits for "@:@", as long as
// AliasWait says; implicit reads the text of a file without a database.
std::unique_ptr<BaseMap> MakeAliasMap(const MapArguments& arguments);

// The common flags. `map` is invalidated by the caller if a file is needed and there is none:
// HasFile() says so, and puts the error down.
MapFlags CommonFlags(const MapArguments& arguments);
bool HasFile(const MapArguments& arguments, const MapFlags& flags);

std::unique_ptr<BaseMap> MakeNullMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeArithMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeArpaMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeDequoteMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeMacroMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeSyslogMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeUserMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeRegexMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeTextMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeStabMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeHashMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeBtreeMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeImplicitMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeSequenceMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeSwitchMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeHostMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeBestmxMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeDnsMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeProgramMap(const MapArguments& arguments);
std::unique_ptr<BaseMap> MakeSocketMap(const MapArguments& arguments);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_MAP_CLASSES_H_
