// From characters to tokens. Operations Guide, 5.1 and the option OperatorChars; RFC 5322, 3.2.
//
// Operator characters are tokens by themselves; blanks only separate; a quoted string, with its
// quotes, is one token; a backslash keeps the character behind it from meaning anything. Unbalanced
// quotes, brackets and parentheses are complained about and repaired.
#ifndef STAGEPOST_MTA_REWRITE_TOKENIZER_H_
#define STAGEPOST_MTA_REWRITE_TOKENIZER_H_

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/cf/text.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

// sendmail's limits: characters of an address, of one token, tokens of one address, and room for
// all together.
inline constexpr size_t kMaxAddressBytes = 255;
inline constexpr size_t kMaxTokenBytes = 256;
inline constexpr size_t kMaxTokens = 1000;
inline constexpr size_t kScanBufferBytes = 256 + kMaxTokens;

// What the ruleset machine and the functions about addresses have to say to whoever asked. A
// session sends it as a reply, -bt prints the text.
struct RewriteMessage {
  std::string reply;           // "553 5.1.3"; a second word only where sendmail gives one
  std::string text;            // "Unbalanced '<'"
  bool names_address = false;  // "ADDRESS... " stands before the text
  std::string address = {};    // that one; empty: the one that was given
};

// What every character means to the tokeniser; follows the option OperatorChars.
class CharacterTypes {
 public:
  enum class Type : uint8_t { kOperator, kAtom, kQuote, kSpace, kOne };
  explicit CharacterTypes(absl::string_view operator_chars);
  Type operator[](char c) const { return types_[static_cast<uint8_t>(c)]; }
  // Whether an address can be cut at this character by its type alone: an operator or one of a
  // word's, and neither a bracket nor a backslash.
  bool IsSimple(char c) const { return simple_[static_cast<uint8_t>(c)]; }

 private:
  std::array<Type, 256> types_;
  std::array<bool, 256> simple_;
};

enum class Comments : uint8_t {
  kStrip,  // (…) is left out: addresses, values of maps and macros
  kKeep,   // parentheses are tokens: rules, lines of -bt
};

struct ScanOptions {
  Comments comments = Comments::kStrip;
  char delimiter = '\0';  // ends the scan outside of quotes, comments and <…>; '\0': none does
  // What is unbalanced stays so, without a word.
  bool lenient = false;
};

struct ScanResult {
  // False: there are no tokens; the last message says why, or there was nothing but blanks.
  bool ok = true;
  // Where the scan ended: at the delimiter, or at the end.
  size_t end = 0;
  std::vector<RewriteMessage> messages;
};

class Tokenizer {
 public:
  explicit Tokenizer(absl::string_view operator_chars = ".:@[]");

  // Appends the tokens of `characters` to `out`, which owns their text.
  ScanResult Scan(absl::string_view characters, const ScanOptions& options, TokenList& out) const;

  // Tokens of a side of a rule: operators are tokens. Macros must have been put in.
  ScanResult ScanText(const Text& text, const Names& names, TokenList& out) const;

  // Joins tokens to one string, `blank` between two words, and cuts it again: an address, but for
  // the operators in it. `out` may refer to the characters of `tokens`.
  ScanResult ScanAgain(absl::Span<const Token> tokens, char blank, TokenList& out) const;

  const CharacterTypes& types() const { return types_; }

 private:
  // Scan() of what most addresses are: words and operators. nullopt: there is more to it, and
  // nothing has been done.
  std::optional<size_t> ScanSimple(absl::string_view characters, const ScanOptions& options,
                                   TokenList& out) const;

  CharacterTypes types_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_TOKENIZER_H_
