// The logical lines of a configuration file: continuations joined, comments taken out.
// Operations Guide, 5 ("blank lines and lines beginning with a sharp sign…").
#ifndef STAGEPOST_MTA_CF_LINES_H_
#define STAGEPOST_MTA_CF_LINES_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace stagepost {

struct ConfigurationLine {
  // Of the last physical line, from 1: that is how sendmail counts in its messages.
  int number = 0;
  // Continuations are joined with the line end and the white space that they have in the file. Ends
  // at a NUL byte. Without its comment (behind a sharp sign that no backslash precedes) and without
  // white space at its end.
  std::string text;
  bool too_long = false;  // cut to the limit
};

// `text` without what stands behind a sharp sign, and the white space before that, on each of its
// physical lines. A backslash takes the meaning from a sharp sign, and goes.
std::string WithoutComments(absl::string_view text);

class ConfigurationLines {
 public:
  // `text` outlives this. Longer lines than `max_line_bytes` are cut.
  ConfigurationLines(absl::string_view text, size_t max_line_bytes)
      : rest_(text), max_line_bytes_(max_line_bytes) {}

  // The next one that is neither empty nor a comment; nullopt at the end.
  std::optional<ConfigurationLine> Next();

  // Up to level 2, and before the V line that says so, comments begin in column 1 only.
  void set_inline_comments(bool inline_comments) { inline_comments_ = inline_comments; }

 private:
  // One line with its continuations.
  ConfigurationLine NextFolded();

  absl::string_view rest_;
  const size_t max_line_bytes_;
  int number_ = 0;
  bool inline_comments_ = true;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_LINES_H_
