// The files behind maps: opened if they are safe, read whole if they are text.
#ifndef STAGEPOST_MTA_MAPS_MAP_FILE_H_
#define STAGEPOST_MTA_MAPS_MAP_FILE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/async/task.h"
#include "mta/env/file_system.h"
#include "mta/maps/map_context.h"

namespace stagepost {

// Of a text file that a map reads.
inline constexpr size_t kMaxMapTextBytes = 64 << 20;

// Opens `path` for reading if it is safe for a map (DontBlameSendmail may say that more is). Errors
// are those of OpenSafely().
Task<absl::StatusOr<std::unique_ptr<File>>> OpenMapFile(const MapContext& context,
                                                        std::string path);

// All of a file. kResourceExhausted: it is larger than kMaxMapTextBytes.
Task<absl::StatusOr<std::string>> ReadMapText(File& file);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_MAP_FILE_H_
