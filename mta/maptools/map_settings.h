// What the map tools take from sendmail.cf: who owns maps, where the aliases are, which type a map
// has. They read the file line by line and by themselves, as sendmail's do: nothing is expanded,
// and only these lines mean anything.
#ifndef STAGEPOST_MTA_MAPTOOLS_MAP_SETTINGS_H_
#define STAGEPOST_MTA_MAPTOOLS_MAP_SETTINGS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"

namespace stagepost {

inline constexpr char kDefaultSendmailCf[] = "/etc/mail/sendmail.cf";

struct MapSettings {
  // The values of `O TrustedUser=`, in order: names, or numbers with anything behind.
  std::vector<std::string> trusted_users;
  // The values of `O AliasFile=` and `OA`, in order: each a list with commas.
  std::vector<std::string> alias_files;
  struct Map {
    std::string type;
    std::string path;  // the last word of the line
  };
  std::vector<Map> maps;  // of the K lines, in order
};

MapSettings ParseMapSettings(absl::string_view text);

// The settings in the file at `path`; at most 16 MiB of it. Errors carry an Errno.
Task<absl::StatusOr<MapSettings>> ReadMapSettings(Environment& env, std::string path);

// The owner of new maps: the last trusted user, if that one exists. Adds "TrustedUser: unknown user
// NAME\n" to `complaints` for each that there is not.
std::optional<UserId> FindTrustedUser(Environment& env, const MapSettings& settings,
                                      std::string& complaints);

// The type that the first K line gives for a map: that of its path (`by_name` false), or that of
// any path with the same last component, ".db" aside.
std::optional<std::string> FindMapType(const MapSettings& settings, absl::string_view name,
                                       bool by_name);

// One alias database out of AliasFile, "TYPE: -FLAGS PATH". Flags are left out.
struct AliasFile {
  std::string specification;        // all of it
  std::optional<std::string> type;  // what is before the colon
  std::string path;                 // empty: an illegal specification
};
AliasFile ParseAliasFile(absl::string_view specification);
// The parts of a value of AliasFile; an empty one at its end is left out.
std::vector<AliasFile> ParseAliasFiles(absl::string_view value);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPTOOLS_MAP_SETTINGS_H_
