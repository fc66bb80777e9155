// A map: what a K line declares, and $(name key $@ argument $: default$) asks.
// Operations Guide, 5.8 (K); cf/README, "ADDRESS TABLES".
//
// Maps never print and never block: a look-up that must wait (files, DNS, programs, sockets) suspends.
#ifndef STAGEPOST_MTA_MAPS_MAP_H_
#define STAGEPOST_MTA_MAPS_MAP_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/async/task.h"

namespace stagepost {

inline constexpr size_t kMaxMapKeyBytes = 1024;
inline constexpr size_t kMaxMapArguments = 10;
inline constexpr size_t kMaxMapValueBytes = 64 * 1024;
// Maps that ask maps (sequence, switch), at most so deep.
inline constexpr int kMaxMapDepth = 128;

// What a look-up gave. `status` is a sysexits code, as /map shows it: 0 found, 69 (EX_UNAVAILABLE) or
// 67 not found, 75 (EX_TEMPFAIL) cannot be known now, others as the class gives them.
struct MapAnswer {
  std::optional<std::string> value;
  int status = 0;
  // What sendmail prints about it besides, such as "name: Name server timeout"; usually empty.
  std::string message;
};

class Map {
 public:
  virtual ~Map() = default;

  // Looks `key` up as the map's flags say: case folded without -f, quotes taken off without -q. The
  // value has %0 … %9 filled in from the key and `arguments`, and -a appended. Not found is an answer
  // without value, not an error. Both parameters outlive the task.
  virtual Task<MapAnswer> Lookup(absl::string_view key,
                                 absl::Span<const absl::string_view> arguments) = 0;

  // "hash", "sequence", …
  virtual absl::string_view map_class() const = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_MAP_H_
