// The table of all options: what they are called, what they hold, what they are without being set.
// Operations Guide, 5.6.
#ifndef STAGEPOST_MTA_CF_OPTION_TABLE_H_
#define STAGEPOST_MTA_CF_OPTION_TABLE_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/cf/option_id.h"
#include "mta/cf/support.h"

namespace stagepost {

enum class OptionType : uint8_t {
  kFlag,       // true or false
  kNumber,     // whole, perhaps negative; what is no number counts as 0, as in sendmail
  kMode,       // permissions, in octal
  kInterval,   // a length of time; `unit` is that of a number without one
  kCharacter,  // the first character, or one of a few words known by it
  kText,       // as it stands; macros are put in by whoever uses it, if the option says so
  kSet,        // names out of a table of their own: privacy.h, blame.h, …
  kEntry,      // keys and values of their own; lines add up: port_options.h
};

// Whether a user may give an option to a set-id program on the command line.
enum class Privilege : uint8_t {
  kDropped,  // yes, but the program gives up its privileges
  kKept,
};

struct OptionInfo {
  OptionId id;
  absl::string_view name;  // empty: has only a letter
  char letter = '\0';      // of the short form; '\0': has none
  OptionType type = OptionType::kText;
  // kInterval: w, d, h, m or s; else "bytes", "blocks" and so on, for readers.
  absl::string_view unit;
  // What the program itself takes, as it would be written; empty: nothing.
  absl::string_view default_value;
  absl::string_view since;  // the release of sendmail that brought it; "8.1": that one or before
  Privilege privilege = Privilege::kDropped;
  Support support = Support::kNo;
  // Of kNo: the value that Stagepost acts as, so that setting it needs no warning; empty: none.
  absl::string_view acts_as;
  absl::string_view meaning;
  // Differences, what is missing, what later releases do more safely.
  absl::string_view note = {};
};

// All, in the order of OptionId.
absl::Span<const OptionInfo> AllOptions();

const OptionInfo& InfoOf(OptionId id);

// Null: there is none with that letter.
const OptionInfo* FindOptionByLetter(char letter);

// Options of one full name or of an abbreviation; case does not count.
struct OptionMatch {
  const OptionInfo* found = nullptr;  // null: none, or ambiguous
  const OptionInfo* other = nullptr;  // ambiguous: `first` and `other` both begin so
  const OptionInfo* first = nullptr;
  bool abbreviated = false;
};
OptionMatch FindOptionByName(absl::string_view name);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_OPTION_TABLE_H_
