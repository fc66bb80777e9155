// Tokens: what addresses and rules are made of, and lists of them.
//
// A token is a view: its characters belong to the list it came with, or to the engine whose rule it
// was written in. It carries a hash of its characters, without regard to case, that can be
// continued from token to token, so that literals and phrases of a class compare in a few
// instructions, and nothing that came from the network has to be remembered anywhere.
#ifndef STAGEPOST_MTA_REWRITE_TOKENS_H_
#define STAGEPOST_MTA_REWRITE_TOKENS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/cf/text.h"

namespace stagepost {

// A hash of characters in which 'A' equals 'a'. Hash(a + b) comes from those of a and b, so that a
// phrase needs no joining. Equal hashes prove nothing: whoever may be attacked compares as well.
class CaselessHash {
 public:
  CaselessHash() = default;
  explicit CaselessHash(absl::string_view characters) {
    for (const char c : characters) Add(c);
  }
  // What value() was of `size` characters.
  CaselessHash(uint64_t value, size_t size) : value_(value), size_(size) {}
  void Add(char c) {
    value_ = value_ * kFactor + Lower(c) + 1;
    ++size_;
  }
  void Add(const CaselessHash& next) {
    value_ = value_ * Power(next.size_) + next.value_;
    size_ += next.size_;
  }
  uint64_t value() const { return value_; }

 private:
  static constexpr uint64_t kFactor = 0x9e3779b97f4a7c15;
  static constexpr size_t kPowers = 64;
  static constexpr std::array<uint64_t, kPowers> MakePowers() {
    std::array<uint64_t, kPowers> powers = {1};
    for (size_t i = 1; i < kPowers; ++i) powers[i] = powers[i - 1] * kFactor;
    return powers;
  }
  static uint64_t Power(size_t exponent) {
    static constexpr std::array<uint64_t, kPowers> kPowerOf = MakePowers();
    uint64_t power = 1;
    for (; exponent >= kPowers; exponent -= kPowers - 1) power *= kPowerOf[kPowers - 1];
    return power * kPowerOf[exponent];
  }
  static uint64_t Lower(char c) {
    return static_cast<uint8_t>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  }
  uint64_t value_ = 0;
  size_t size_ = 0;
};

// What a short token has at most.
inline constexpr size_t kShortTokenBytes = 16;

struct Token {
  enum class Kind : uint8_t {
    kWord,           // an atom; a blank is put between two of them in one string
    kSpecial,        // an operator character, a quoted string
    kOperator,       // $#, $@, $>, …: from the configuration only, whatever the characters
    kDeferredMacro,  // $&x, likewise
  };
  const char* data = "";
  uint32_t size = 0;
  Kind kind = Kind::kWord;
  Operator op = Operator::kZeroOrMore;  // of kOperator
  uint8_t digit = 0;                    // of kReplacement
  bool plain = true;                    // traces show the characters as they are
  NameId name{};                        // of kDeferredMacro, kClass, …
  int16_t ruleset = -1;                 // of a rule's word: the ruleset it is the name of
  uint8_t bit = 0;                      // below 64; the same for tokens that are the same
  uint8_t turn = 0;                     // likewise; see Marks
  // `size`, if traces show the characters as they are, and so few that they may be copied all at
  // once: then kShortTokenBytes can be read, which an arena sees to. 0: not so.
  uint8_t short_size = 0;
  uint64_t hash = 0;  // of the characters; of an operator: as it is written

  // The `bit` of operators, and of nothing else.
  static constexpr uint8_t kOperatorBit = 63;

  // Finds out what follows from the characters and the kind: plain, bit, turn, hash.
  void Measure();
  // The same of characters in an arena: short_size, too.
  void MeasureInArena() {
    Measure();
    short_size = plain && size <= kShortTokenBytes ? static_cast<uint8_t>(size) : uint8_t{0};
  }
  // To make that of a phrase.
  CaselessHash phrase_hash() const { return {hash, size}; }
  // As it stands, quotes and backslashes included; of an operator: as it is written.
  absl::string_view text() const { return {data, size}; }
  bool Is(Operator o) const { return kind == Kind::kOperator && op == o; }
};

// Whether the characters are the same, whatever their case; of tokens with equal hashes and sizes.
bool SameCharacters(const Token& a, const Token& b);

// Whether a rule's word `a` and the word `b` are the same: case does not count.
inline bool SameToken(const Token& a, const Token& b) {
  if (a.hash != b.hash || a.size != b.size) return false;
  // The hash of one character tells which one it is.
  constexpr auto kOperator = Token::Kind::kOperator;
  return (a.size == 1 && a.kind < kOperator && b.kind < kOperator) || SameCharacters(a, b);
}

// Characters that stay where they are until the arena is cleared or destroyed. From the first of
// any of them on kShortTokenBytes can be read.
class TokenArena {
 public:
  TokenArena() = default;
  TokenArena(TokenArena&&) = default;
  TokenArena& operator=(TokenArena&&) = default;

  // Room for `size` characters; what is not used of it is given back with Shrink().
  char* Allocate(size_t size);
  // Of the last Allocate(), only `used` characters are kept.
  void Shrink(size_t used);
  absl::string_view Copy(absl::string_view characters);
  // Forgets everything but one block, which is used again.
  void Clear();
  size_t bytes() const { return bytes_; }
  // Whether `character` is one of its own.
  bool Owns(const char* character) const;

 private:
  static constexpr size_t kBlockBytes = 4096;
  struct Block {
    std::unique_ptr<char[]> data;
    size_t size = 0;
  };
  std::vector<Block> blocks_;
  size_t used_ = 0;   // of the last block
  size_t last_ = 0;   // size of the last Allocate()
  size_t bytes_ = 0;  // in all blocks
};

// A sequence of tokens and the characters of those that came from outside.
class TokenList {
 public:
  TokenList() = default;
  TokenList(TokenList&&) = default;
  TokenList& operator=(TokenList&&) = default;

  size_t size() const { return tokens_.size(); }
  bool empty() const { return tokens_.empty(); }
  const Token& operator[](size_t i) const { return tokens_[i]; }
  auto begin() const { return tokens_.begin(); }
  auto end() const { return tokens_.end(); }
  absl::Span<const Token> span() const { return tokens_; }
  operator absl::Span<const Token>() const { return tokens_; }  // NOLINT: it is one

  std::vector<Token>& tokens() { return tokens_; }
  TokenArena& arena() { return arena_; }
  const TokenArena& arena() const { return arena_; }
  void Clear();
  // A copy of a token that lives elsewhere.
  void Append(const Token& token);
  void Append(absl::Span<const Token> tokens);

 private:
  std::vector<Token> tokens_;
  TokenArena arena_;
};

// One string again: `blank` between two words that stand side by side (the option BlankSub where
// nothing else is asked for), nothing elsewhere.
std::string JoinTokens(absl::Span<const Token> tokens, char blank);
// The same, in place of what is in `joined`.
void JoinTokens(absl::Span<const Token> tokens, char blank, std::string& joined);

// Characters as traces and listings show them: control and 8-bit ones in sendmail's notation
// (^A, M-i).
void AppendShown(absl::string_view characters, std::string& out);
void AppendShown(const Token& token, std::string& out);
// How a line of a trace begins: with a name, cut or filled with blanks to a width, and a few words.
struct LineBeginning {
  absl::string_view name;
  size_t width = 0;
  absl::string_view words;
};
// A line of a trace: its beginning, and tokens in the same notation, with a blank in front of each.
void AppendShownLine(const LineBeginning& beginning, absl::Span<const Token> tokens,
                     std::string& out);

// As traces show them: a blank between any two, 8-bit characters as M-i, no control characters but
// \t, \r and \n.
std::string ShowTokens(absl::Span<const Token> tokens);

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_TOKENS_H_
