// What makemap, editmap and praliases have in common.
#ifndef STAGEPOST_MTA_MAPTOOLS_MAP_TOOL_H_
#define STAGEPOST_MTA_MAPTOOLS_MAP_TOOL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/environment.h"
#include "mta/maps/db_file.h"
#include "mta/maptools/map_file.h"
#include "mta/maptools/map_settings.h"

namespace stagepost {

// Exit codes (sysexits.h), as sendmail's map tools use them.
inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 64;
inline constexpr int kExitDataError = 65;
inline constexpr int kExitNoInput = 66;
inline constexpr int kExitUnavailable = 69;
inline constexpr int kExitCannotCreate = 73;
inline constexpr int kExitIoError = 74;

// What `-l` prints.
inline constexpr char kMapTypes[] = "hash\nbtree\nimplicit\n";

// The output of a program, gathered into blocks.
class ToolOutput {
 public:
  explicit ToolOutput(ByteSink& sink) : sink_(sink) {}
  // That nobody reads changes nothing.
  Task<void> Write(absl::string_view text);
  // To be called at the end.
  Task<void> Flush();

 private:
  ByteSink& sink_;
  std::string text_;
};

// Prints on standard error, at once.
Task<void> Complain(Environment& env, absl::string_view text);

// The settings in `path`, and who owns new maps: nobody in particular unless we are root. nullopt:
// it could not be read, which has been said; kExitNoInput.
struct ToolSettings {
  MapSettings maps;
  std::optional<UserId> owner;
};
Task<std::optional<ToolSettings>> ReadToolSettings(Environment& env, std::string program,
                                                   std::string path);

// A map type of a command line.
enum class MapType : uint8_t { kHash, kBtree, kImplicit };
// As a tool's user wrote it. nullopt: not one of ours; `error` is what to say.
std::optional<MapType> ParseMapType(absl::string_view program, absl::string_view type,
                                    absl::string_view map, std::string& error);
// "PROGRAM: error opening type TYPE map MAP: TEXT\n"
std::string OpeningError(absl::string_view program, absl::string_view type, absl::string_view map,
                         absl::string_view text);

// The database in a file, which must be of that type. Errors as sendmail's tools have them, for
// MapErrorText(): "Invalid argument", for implicit "Unknown database type", but a damaged file is
// described.
Task<absl::StatusOr<std::unique_ptr<DbFile>>> OpenDatabase(std::unique_ptr<File> file,
                                                           MapType type);
// The same from the path, under a shared lock. If there is a
// `new_owner`, the map is given to him.
Task<absl::StatusOr<std::unique_ptr<DbFile>>> OpenMapDatabase(Environment& env, std::string path,
                                                              MapType type, MapAccess access,
                                                              std::optional<UserId> new_owner,
                                                              std::string& warnings);

// A key or value as the tools print it: up to its first NUL.
absl::string_view Printable(absl::string_view bytes);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPTOOLS_MAP_TOOL_H_
