#include "mta/maps/alias_maps.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "mta/cf/map_class_table.h"

namespace stagepost {
namespace {

constexpr char kAliasFiles[] = "aliases.files";
constexpr absl::string_view kOfNewaliases[] = {"hash", "btree", "implicit"};

AliasSpecification Parse(const AliasFileSetting& setting) {
  AliasSpecification specification{
      .map_name = {}, .map_class = "implicit", .arguments = {}, .where = setting.where};
  absl::string_view text = setting.specification;
  const size_t end = text.find_first_of(" /:");
  if (end != absl::string_view::npos && text[end] == ':') {
    specification.map_class = absl::AsciiStrToLower(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  specification.arguments = std::string(absl::StripLeadingAsciiWhitespace(text));
  return specification;
}

}  // namespace

std::vector<AliasSpecification> AliasSpecifications(const Options& options) {
  std::vector<AliasSpecification> specifications;
  for (const AliasFileSetting& setting : options.alias_files()) {
    AliasSpecification specification = Parse(setting);
    const MapClassInfo* const map_class = FindMapClass(specification.map_class);
    // The option has said so.
    if (map_class == nullptr || !map_class->known || !map_class->aliases) continue;
    specification.map_name = absl::StrCat("Alias", specifications.size());
    specifications.push_back(std::move(specification));
  }
  return specifications;
}

bool IsMadeByNewaliases(absl::string_view map_class) {
  return std::find(std::begin(kOfNewaliases), std::end(kOfNewaliases), map_class) !=
         std::end(kOfNewaliases);
}

void DeclareAliasMaps(const Options& options, MapTable& maps, Diagnostics& diagnostics) {
  std::string all;
  for (const AliasSpecification& specification : AliasSpecifications(options)) {
    Diagnostics said;
    const Map* const map = maps.DeclareAliases({.where = specification.where,
                                                .name = specification.map_name,
                                                .map_class = specification.map_class,
                                                .arguments = specification.arguments},
                                               said);
    if (map == nullptr) {
      // A class that sendmail may have, and this program has not.
      diagnostics.push_back(
          {.where = specification.where,
           .text = absl::StrCat("setalias: unknown alias class ", specification.map_class)});
      continue;
    }
    diagnostics.insert(diagnostics.end(), said.begin(), said.end());
    absl::StrAppend(&all, all.empty() ? "" : " ", specification.map_name);
  }
  if (maps.Find(kAliasFiles) == nullptr) {
    maps.Declare({.where = {}, .name = kAliasFiles, .map_class = "sequence", .arguments = all},
                 diagnostics);
  }
  if (maps.Find(kAliasesMap) == nullptr) {
    maps.Declare(
        {.where = {}, .name = kAliasesMap, .map_class = "switch", .arguments = kAliasesMap},
        diagnostics);
  }
}

}  // namespace stagepost
