// Names of macros and classes, and the small numbers that stand for them.
//
// $x has a one-character name, ${name} a long one (at most kMaxNameBytes characters; Operations
// Guide, 5.1). Macros and classes share one set of names. A number is valid for the Names it came
// from; one-character names have their character's code, so these are the same everywhere, and so
// are the numbers of the names in well_known (below), which the program itself speaks of.
#ifndef STAGEPOST_MTA_CF_NAMES_H_
#define STAGEPOST_MTA_CF_NAMES_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace stagepost {

inline constexpr size_t kMaxNameBytes = 25;
// Names at most, one-character ones included; what sendmail has room for.
inline constexpr size_t kMaxNames = 256;

// A macro or class name. Compares and indexes as a number below kMaxNames.
enum class NameId : uint16_t {};

constexpr NameId OneCharacterName(char c) { return NameId{static_cast<uint8_t>(c)}; }

class Names {
 public:
  // Knows the one-character names and the well-known long ones.
  Names();

  // The number of `name` (without braces), which may be new. A one-character name is the same with
  // and without braces. kInvalidArgument with sendmail's words: a name of no characters, with bad
  // ones, too long; kResourceExhausted: too many names.
  absl::StatusOr<NameId> Intern(absl::string_view name);
  // As Intern, but never adds one.
  std::optional<NameId> Find(absl::string_view name) const;

  // "x" or "name", without braces.
  absl::string_view NameOf(NameId id) const;
  // As it is written behind a dollar sign: "x" or "{name}".
  std::string Written(NameId id) const;
  size_t size() const { return long_names_.size(); }

 private:
  std::vector<std::string> long_names_;  // by number; empty: a free one-character code
  std::map<std::string, NameId, std::less<>> by_name_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_NAMES_H_
