// What makemap, editmap and praliases have in common.
#ifndef STAGEPOST_MTA_MAPTOOLS_MAP_TOOL_H_
#define STAGEPOST_MTA_MAPTOOLS_MAP_TOOL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/base/sysexits.h"
#include "mta/env/environment.h"
#include "mta/maps/db_file.h"
#include "mta/maptools/map_file.h"
#include "mta/maptools/map_settings.h"

namespace stagepost {

// What `-l` prints.
inline constexpr char kMapTypes[] = "hash\nbtree\nimplicit\n";

// The standard output of a program, gathered into blocks. After an error nothing more is written.
class ToolOutput {
 public:
  // `env` outlives this.
  ToolOutput(Environment& env, std::string program) : env_(env), program_(std::move(program)) {}

  // These two give false when the reader is gone, the disk is full, or the like: from then on it is
  // no use to write.
  Task<bool> Write(absl::string_view text);
  Task<bool> Flush();
  // To be called at the end: writes what is left, and gives the code to exit with, which is
  // `exit_code`, or kExitIoError where that says success and text was lost. That it was lost is
  // said on standard error, unless the reader has gone by its own will (`… | head`).
  Task<int> End(int exit_code);

 private:
  Environment& env_;
  const std::string program_;
  std::string text_;
  absl::Status status_;
};

// Writes a text to standard output, as the whole of it; the exit code as ToolOutput::End() has it.
Task<int> PrintAndExit(Environment& env, std::string program, std::string text, int exit_code);

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
