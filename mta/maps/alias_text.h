// The text of an alias file: "name: value", continued by lines that begin with white space, or
// behind a line that ends in a backslash. aliases(5); Operations Guide, 1.3.
#ifndef STAGEPOST_MTA_MAPS_ALIAS_TEXT_H_
#define STAGEPOST_MTA_MAPS_ALIAS_TEXT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace stagepost {

// One definition as it stands, its lines joined.
struct AliasLine {
  int number = 0;          // from 1; of its last line, which is the one that sendmail names
  std::string text;        // not empty, no comment
  bool misplaced = false;  // it begins with white space, and there is nothing that it continues
};

// Takes an alias file's text apart into definitions. `text` outlives the reader.
class AliasLineReader {
 public:
  explicit AliasLineReader(absl::string_view text) : rest_(text) {}
  // False: there are no more.
  bool Next(AliasLine& line);

 private:
  absl::string_view TakeLine();
  absl::string_view rest_;
  int number_ = 0;
};

// The first colon outside of quotes; npos: none.
size_t FindAliasColon(absl::string_view line);

struct AliasEntry {
  int line = 0;       // AliasLine::number
  std::string name;   // as written, without white space around it
  std::string value;  // without white space in front
};

// Of messages; one more says that there are others.
inline constexpr size_t kMaxAliasMessages = 1000;

struct AliasText {
  std::vector<AliasEntry> entries;    // in order; of two with one name the later counts
  std::vector<std::string> messages;  // about lines that are left out: "line 7: missing colon"
  size_t longest = 0;                 // bytes of the longest value,
  size_t total = 0;                   // and of all names and values
};

// All of a file, for maps; names are not resolved.
AliasText ParseAliasText(absl::string_view text);

// What newaliases says about a definition that has no right side, or no left one.
// "noright:... missing value for alias": sendmail shows 40 characters of it.
std::string MissingAliasValue(absl::string_view line);
std::string IllegalAliasName(absl::string_view line);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_MAPS_ALIAS_TEXT_H_
