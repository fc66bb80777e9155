// The command line of makemap.
#ifndef STAGEPOST_MTA_BIN_MAKEMAP_OPTIONS_H_
#define STAGEPOST_MTA_BIN_MAKEMAP_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "mta/env/environment.h"
#include "mta/maptools/map_settings.h"
#include "mta/maptools/map_text.h"

namespace stagepost {

struct MakemapOptions {
  std::string configuration = kDefaultSendmailCf;
  std::string fallback_type;  // -i; empty: none
  uint64_t cache_bytes = DatabaseOptions().cache_bytes;
  MapTextOptions text;
  bool terminate = false;    // -N: keys and values end in a NUL
  bool duplicates = false;   // -d
  bool append = false;       // -o
  bool replace = false;      // -r
  bool allow_links = false;  // -s
  bool unmap = false;        // -u
  bool verbose = false;      // -v
  std::string type, map;
};

// What to print instead of doing anything, and the exit code.
struct MakemapAnswer {
  std::string output, error;
  int exit_code = 0;
};

// Adds to `complaints` what is wrong but does not matter.
std::variant<MakemapOptions, MakemapAnswer> ParseMakemapOptions(const Arguments& arguments,
                                                                std::string& complaints);

// Replaces the types cf (that of a K line with the same path), CF (with the same last component)
// and none by the one that is meant. An answer with exit code 0 is only to be printed.
std::optional<MakemapAnswer> FindMakemapType(const MapSettings& settings, MakemapOptions& options);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_BIN_MAKEMAP_OPTIONS_H_
