// The values of macros, and putting them into text. Operations Guide, 5.2.
//
// Tables form a chain as sendmail's envelopes do: what an envelope does not define, its parent (the
// daemon's own table) may. A table is owned by whom it belongs to; the parent outlives it. It holds
// what was set in it and no more: a session that has only begun is small.
#ifndef STAGEPOST_MTA_CF_MACROS_H_
#define STAGEPOST_MTA_CF_MACROS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/cf/names.h"
#include "mta/cf/text.h"

namespace stagepost {

// Macros inside macros, at most so deep.
inline constexpr int kMaxExpansionDepth = 10;
// What one expansion may yield.
inline constexpr size_t kMaxExpansionBytes = 64 * 1024;

class Macros {
 public:
  explicit Macros(const Macros* parent = nullptr) : parent_(parent) {}

  void Set(NameId name, Text value);
  void SetLiteral(NameId name, absl::string_view value);
  // Undefined here, whatever the parent says.
  void Unset(NameId name);

  // Null: not defined. Valid until the table changes.
  const Text* Find(NameId name) const;

  // `text` with the macros put in and conditionals ($?x … $| … $.) decided, where a macro
  // with nothing in it counts as not defined; operators and deferred
  // macros stay. kResourceExhausted: too deep or too long, in sendmail's words.
  absl::StatusOr<Text> Expand(const Text& text) const;
  // As Expand(), with deferred macros put in too, and operators as they are written.
  absl::StatusOr<std::string> ExpandToString(const Text& text, const Names& names) const;

 private:
  class Expansion;
  struct Slot {
    NameId name{};
    uint16_t value = 0;  // where it is in values_
    bool defined = false;
  };
  // The text of one that is defined from now on; made if it is missing.
  Text& Define(NameId name);
  Slot& At(NameId name);

  const Macros* parent_;
  std::vector<Slot> slots_;   // sorted by name
  std::vector<Text> values_;  // in the order in which they came: they need not move for a new one
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_MACROS_H_
