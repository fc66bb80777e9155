// Names of macros and classes, and the small numbers that stand for them.
//
// $x has a one-character name, ${name} a long one (at most kMaxNameBytes characters; Operations
// Guide, 5.1). Macros and classes share one set of names. A number is valid for the Names it came
// from; one-character names have their character's code, so these are the same everywhere, and so
// are the numbers of the names in well_known_names.h, which the program itself speaks of.
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
// Long names that a configuration may speak of; what sendmail has room for.
inline constexpr size_t kMaxLongNames = 94;
// One-character names are below; a name has 7 bits.
inline constexpr uint16_t kFirstLongName = 128;
// Numbers are below: the characters, the well-known names, and those of one configuration.
inline constexpr size_t kMaxNames = 320;

// A macro or class name. Compares and indexes as a number below kMaxNames. 0: the name that is
// missing in "$=" at the end of a line; nothing can be defined under it.
enum class NameId : uint16_t {};

constexpr NameId OneCharacterName(char c) { return NameId{static_cast<uint8_t>(c & 0x7f)}; }

// What Names::Scan() has found at the beginning of a text.
struct ScannedName {
  std::optional<NameId> id;  // absent: an error was reported
  size_t length = 0;         // bytes that the name takes, with its braces
};

class Names {
 public:
  // Knows the one-character names and the well-known long ones.
  Names();

  // Reads the name at the beginning of `text`: one character, or several in braces; it may be new.
  // What is wrong is added to `errors`, in sendmail's words; characters that no name has are
  // reported and left out. A name that is not closed takes all of `text`.
  ScannedName Scan(absl::string_view text, std::vector<std::string>& errors);

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
  // All numbers of names are below.
  size_t size() const { return kFirstLongName + long_names_.size(); }

 private:
  // nullopt: there are too many.
  std::optional<NameId> InternLong(absl::string_view name);

  struct LongName {
    std::string name;
    bool counted = false;  // a well-known name counts from when the configuration speaks of it
  };
  std::vector<LongName> long_names_;  // [0] has number kFirstLongName
  std::map<std::string, NameId, std::less<>> by_name_;
  size_t counted_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_NAMES_H_
