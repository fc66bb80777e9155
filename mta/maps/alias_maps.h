// The maps that the option AliasFile stands for: Alias0, Alias1, …, one for each of its parts; the
// sequence of them all, aliases.files; and the switch "aliases", which is the one to ask.
// Operations Guide, 4.1 and 5.6 (AliasFile).
//
// Databases are never made anew on the way: newaliases does that.
#ifndef STAGEPOST_MTA_MAPS_ALIAS_MAPS_H_
#define STAGEPOST_MTA_MAPS_ALIAS_MAPS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/cf/configuration.h"
#include "mta/cf/diagnostic.h"
#include "mta/maps/map_flags.h"
#include "mta/maps/map_table.h"

namespace stagepost {

inline constexpr char kAliasesMap[] = "aliases";

// One part of AliasFile, "CLASS:-flags FILE" or "-flags FILE".
struct AliasSpecification {
  std::string map_name;   // "Alias0"
  std::string map_class;  // in lower case; "implicit" where it says nothing
  std::string arguments;  // flags and file
  SourceLine where;
};

// In order, those left out whose class nobody knows or that can't hold aliases.
std::vector<AliasSpecification> AliasSpecifications(const Options& options);

// hash, btree, implicit.
bool IsMadeByNewaliases(absl::string_view map_class);

// Declares them all; "aliases" and "aliases.files" unless K lines have done so. What is wrong goes
// to `diagnostics`, in sendmail's words.
void DeclareAliasMaps(const Options& options, MapTable& maps, Diagnostics& diagnostics);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_ALIAS_MAPS_H_
