// A piece of configuration text whose `$` sequences have been understood.
//
// sendmail turns them into single characters of their own on reading a line; here they are pieces
// of another kind than characters, so that nothing that came from outside (a map's value, a
// client's name) can ever be taken for one. Operations Guide, 5.1 (rules), 5.2 (macros).
//
// Order of things: ParseText() once per line of the configuration; Expand() puts in the macros'
// values: for rules when the line is read, for mailer arguments and header fields when they are
// used.
#ifndef STAGEPOST_MTA_CF_TEXT_H_
#define STAGEPOST_MTA_CF_TEXT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "mta/cf/names.h"

namespace stagepost {

// What a `$` sequence means. Which of them make sense where is for the reader of that line to say.
enum class Operator : uint8_t {
  kZeroOrMore,    // $*   left side
  kOneOrMore,     // $+
  kExactlyOne,    // $-
  kClass,         // $=x  with a name
  kNotClass,      // $~x  with a name
  kReplacement,   // $0 … $9, with a digit
  kMailer,        // $#
  kHost,          // $@   on a left side: exactly nothing
  kUser,          // $:
  kCall,          // $>
  kCanonical,     // $[
  kCanonicalEnd,  // $]
  kLookup,        // $(
  kLookupEnd,     // $)
  kSeparator,     // $|   else, or the separator of check rulesets
  kIf,            // $?x  with a name
  kEndIf,         // $.
};

struct Piece {
  enum class Kind : uint8_t {
    kCharacters,     // characters
    kMacro,          // $x: replaced by Expand()
    kDeferredMacro,  // $&x: left alone by Expand(), looked up when a rule is applied
    kOperator,
  };
  Kind kind = Kind::kCharacters;
  Operator op = Operator::kZeroOrMore;  // of an operator
  uint8_t digit = 0;                    // of kReplacement
  NameId name{};                        // of macros, kClass, kNotClass, kIf
  std::string characters;

  bool operator==(const Piece&) const = default;
};

using Text = std::vector<Piece>;

// Understands one line's `$` sequences. "$$" is one dollar sign, and so is the one at the end
// of the line, which regular expressions have there. New names are added to `names`. What is wrong
// is added to `errors` in sendmail's words (those of Names::Scan), and the result is what sendmail
// would go on with. At most as many pieces as bytes.
Text ParseText(absl::string_view line, Names& names, std::vector<std::string>& errors);
// The same for text that is of no use with an error in it; kInvalidArgument with the first one.
absl::StatusOr<Text> ParseText(absl::string_view line, Names& names);

// Characters that mean nothing but themselves, such as a client's name.
Text Literal(absl::string_view characters);

// As much of `line` as there is before, and at the most one character of, a name that is none.
absl::string_view UntilBadName(absl::string_view line, Names& names);

// Adds characters to the end, without making a piece of their own where none is needed.
void AppendCharacters(Text& text, absl::string_view characters);

// As it would have been written: "$*", "${name}"; for listings and messages. A single dollar sign
// stands for itself there.
std::string WriteText(const Text& text, const Names& names);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_TEXT_H_
