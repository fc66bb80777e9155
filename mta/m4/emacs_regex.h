// The regular expressions of m4's regexp and patsubst: GNU's "Emacs" syntax, matched by RE2.
//
// Special are . * + ? [ ] ^ $ \( \) \| \w \W \s \S \b \B \` \' \< \>. Matches are leftmost-longest,
// ^ and $ match at line borders, . does not match a newline, [:alpha:] is not a class. RE2 takes
// time linear in the text whatever the pattern, but has no back-references and no \< or \> as
// such: these are understood next to something that can only be a word character, and are refused
// elsewhere. GNU m4 manual, "Regexp".
#ifndef STAGEPOST_MTA_M4_EMACS_REGEX_H_
#define STAGEPOST_MTA_M4_EMACS_REGEX_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace re2 {
class RE2;
}

namespace stagepost {

inline constexpr size_t kMaxM4RegexBytes = 16 * 1024;

// The pattern in RE2's syntax. kInvalidArgument: malformed, as GNU's library says it.
// kUnimplemented: RE2 has no such thing.
absl::StatusOr<std::string> TranslateEmacsRegex(absl::string_view pattern);

class EmacsRegex {
 public:
  // Errors as of TranslateEmacsRegex(); kResourceExhausted: too large.
  static absl::StatusOr<std::shared_ptr<const EmacsRegex>> Compile(absl::string_view pattern);

  explicit EmacsRegex(std::unique_ptr<const re2::RE2> regex);
  ~EmacsRegex();

  // How many \( \) there are.
  int groups() const;

  // Looks for the first match that begins at `start` or later; what stands before `start` still
  // counts for ^ and \b. (*match)[0] is the whole; a group that took no part has data() == nullptr.
  bool Search(absl::string_view text, size_t start, std::vector<absl::string_view>* match) const;

 private:
  const std::unique_ptr<const re2::RE2> regex_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_M4_EMACS_REGEX_H_
