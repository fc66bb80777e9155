// A map: what a K line declares, and $(name key $@ argument $: default$) asks.
// Operations Guide, 5.8 (K); cf/README, "ADDRESS TABLES".
//
// Maps never print and never block: a look-up that must wait (files, DNS, programs, sockets)
// suspends.
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
// Aliases have long ones; what would be longer cannot be known, lest members of a list be lost.
inline constexpr size_t kMaxAliasValueBytes = 16 << 20;
// Maps that ask maps (sequence, switch), at most so deep.
inline constexpr int kMaxMapDepth = 128;

// What a look-up gave. `status` is a sysexits code, as /map shows it. With a value it is 0 (bestmx
// may say 68, EX_NOHOST, and yet have one); without one it says why as the class does: 0, 67, 68 or
// 69 for not found, 75 (EX_TEMPFAIL) for cannot be known now.
struct MapAnswer {
  std::optional<std::string> value = std::nullopt;
  int status = 0;
  // What sendmail prints about it besides, such as "x.example: Name server timeout"; several lines
  // are separated by '\n'; usually empty.
  std::string message = {};
};

class Map {
 public:
  virtual ~Map() = default;

  // What $(name key $@ arguments $) in a rule asks: takes the quotes off the key (not with -q),
  // then Open() and Ask(). After a temporary failure the value is the key with -T appended if there
  // is a -T, and with -t the status is EX_NOHOST instead; whoever applies the rule ends with status
  // 75 if it is 75 here, be there a value or not. Not found is an answer without value, not an
  // error. All parameters outlive the task.
  virtual Task<MapAnswer> Lookup(absl::string_view key,
                                 absl::Span<const absl::string_view> arguments) = 0;

  // What Lookup() would give, if that is known without waiting for anything and nothing but the
  // answer comes of it; rules ask here first. nullopt: it has to be awaited.
  virtual std::optional<MapAnswer> AnswerNow(absl::string_view /*key*/,
                                             absl::Span<const absl::string_view> /*arguments*/) {
    return std::nullopt;
  }

  // What /map and a map made of maps ask: the class alone, which folds the key to lower case (not
  // with -f), fills %0 … %9 in from the key and `arguments`, and appends -a. REQUIRES: Open() gave
  // true.
  virtual Task<MapAnswer> Ask(absl::string_view key,
                              absl::Span<const absl::string_view> arguments) = 0;

  // Opens it unless it is open. False: there is nothing to ask (an optional map without its file; a
  // K line that was wrong). A map that should be there and is not counts as open, and every answer
  // is a temporary failure; `message` then gets sendmail's words, the first time.
  virtual Task<bool> Open(std::string& message) = 0;

  // -S: what a blank between two words of a key becomes, instead of the option BlankSub.
  virtual std::optional<char> blank_substitute() const = 0;

  // "hash", "sequence", …
  virtual absl::string_view map_class() const = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_MAP_H_
