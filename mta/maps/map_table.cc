#include "mta/maps/map_table.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/maps/alias_maps.h"
#include "mta/maps/map_classes.h"

namespace stagepost {
namespace {

struct MapClass {
  const char* name;
  std::unique_ptr<BaseMap> (*make)(const MapArguments& arguments);
};

constexpr MapClass kClasses[] = {
    {"arith", &MakeArithMap}, {"arpa", &MakeArpaMap},         {"bestmx", &MakeBestmxMap},
    {"btree", &MakeBtreeMap}, {"dequote", &MakeDequoteMap},   {"dns", &MakeDnsMap},
    {"hash", &MakeHashMap},   {"host", &MakeHostMap},         {"implicit", &MakeImplicitMap},
    {"macro", &MakeMacroMap}, {"null", &MakeNullMap},         {"program", &MakeProgramMap},
    {"regex", &MakeRegexMap}, {"sequence", &MakeSequenceMap}, {"socket", &MakeSocketMap},
    {"stab", &MakeStabMap},   {"switch", &MakeSwitchMap},     {"syslog", &MakeSyslogMap},
    {"text", &MakeTextMap},   {"user", &MakeUserMap},
};

void Report(const MapDeclaration& declaration, std::string text, Diagnostics& diagnostics) {
  Diagnostic& diagnostic = diagnostics.emplace_back();
  diagnostic.where = declaration.where;
  diagnostic.text = std::move(text);
}

}  // namespace

MapTable::MapTable(MapContext& context) : context_(context) {}
MapTable::~MapTable() = default;

void MapTable::DeclareAll(Diagnostics& diagnostics) {
  for (const MapDeclaration& declaration : context_.configuration.maps) {
    Declare(declaration, diagnostics);
  }
  if (Find("host") == nullptr) {
    Declare({.where = {}, .name = "host", .map_class = "host", .arguments = "-a."}, diagnostics);
  }
  if (Find("user") == nullptr) {
    Declare({.where = {}, .name = "user", .map_class = "user", .arguments = ""}, diagnostics);
  }
}

Map* MapTable::Declare(const MapDeclaration& declaration, Diagnostics& diagnostics) {
  return Make(declaration, false, diagnostics);
}

Map* MapTable::DeclareAliases(const MapDeclaration& declaration, Diagnostics& diagnostics) {
  return Make(declaration, true, diagnostics);
}

Map* MapTable::Make(const MapDeclaration& declaration, bool of_aliases, Diagnostics& diagnostics) {
  const std::string& name = declaration.name;
  if (name.empty()) {
    Report(declaration, "readcf: config K line: no map name", diagnostics);
    return nullptr;
  }
  if (declaration.map_class.empty()) {
    Report(declaration, absl::StrCat("readcf: config K line, map ", name, ": no map class"),
           diagnostics);
    return nullptr;
  }
  const std::string map_class = absl::AsciiStrToLower(declaration.map_class);
  for (const MapClass& candidate : kClasses) {
    if (map_class != candidate.name) continue;
    std::vector<std::string> errors;
    const MapArguments arguments = {.context = context_,
                                    .table = *this,
                                    .name = name,
                                    .map_class = candidate.name,
                                    .text = declaration.arguments,
                                    .errors = errors,
                                    .of_aliases = of_aliases};
    std::unique_ptr<Map> map = of_aliases && IsMadeByNewaliases(map_class)
                                   ? MakeAliasMap(arguments)
                                   : candidate.make(arguments);
    for (std::string& error : errors) Report(declaration, std::move(error), diagnostics);
    std::unique_ptr<Map>& place = maps_[absl::AsciiStrToLower(name)];
    place = std::move(map);
    return place.get();
  }
  Report(declaration,
         absl::StrCat("readcf: map ", name, ": class ", declaration.map_class, " not available"),
         diagnostics);
  return nullptr;
}

Map* MapTable::Find(absl::string_view name) const {
  const auto found = maps_.find(absl::AsciiStrToLower(name));
  return found == maps_.end() ? nullptr : found->second.get();
}

}  // namespace stagepost
