#include "mta/rewrite/tokens.h"

#include <algorithm>
#include <cstring>
#include <functional>

#include "absl/strings/match.h"

namespace stagepost {
namespace {

// Of an arena's first block: most addresses are short.
constexpr size_t kFirstBlockBytes = 480;

}  // namespace

void Token::Measure() {
  CaselessHash all;
  bool shown = true;
  for (const char* c = data; c != data + size; ++c) {
    all.Add(*c);
    shown &= static_cast<uint8_t>(*c - ' ') < '\x7f' - ' ';
  }
  plain = shown;
  hash = all.value();
  // Operator characters are what most rules look for: they share no bit with words.
  constexpr uint64_t kSpread = 0x9e3779b97f4a7c15;
  if (kind == Kind::kOperator) {
    bit = kOperatorBit;
  } else if (size == 1) {
    bit = static_cast<uint8_t>((hash - 1) % 32);
  } else {
    bit = static_cast<uint8_t>(32 + (hash * kSpread >> 32) % 31);
  }
  turn = static_cast<uint8_t>(5 * bit % 64);
}

bool SameCharacters(const Token& a, const Token& b) {
  const bool operators = a.kind >= Token::Kind::kOperator;
  if (operators != (b.kind >= Token::Kind::kOperator)) return false;
  if (operators) return a.kind == b.kind && a.text() == b.text();
  return a.data == b.data || absl::EqualsIgnoreCase(a.text(), b.text());
}

char* TokenArena::Allocate(size_t size) {
  if (blocks_.empty() || blocks_.back().size - used_ < size) {
    const size_t block = std::max(size, blocks_.empty() ? kFirstBlockBytes : kBlockBytes);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(block + kShortTokenBytes), block});
    bytes_ += block;
    used_ = 0;
  }
  char* const data = blocks_.back().data.get() + used_;
  used_ += size;
  last_ = size;
  return data;
}

void TokenArena::Shrink(size_t used) {
  used_ -= last_ - used;
  last_ = used;
}

absl::string_view TokenArena::Copy(absl::string_view characters) {
  char* const data = Allocate(characters.size());
  if (!characters.empty()) memcpy(data, characters.data(), characters.size());
  return {data, characters.size()};
}

bool TokenArena::Owns(const char* character) const {
  const std::less<> before;
  return std::any_of(blocks_.begin(), blocks_.end(), [&](const Block& block) {
    return !before(character, block.data.get()) && before(character, block.data.get() + block.size);
  });
}

void TokenArena::Clear() {
  if (blocks_.size() > 1) blocks_.erase(blocks_.begin(), blocks_.end() - 1);
  bytes_ = blocks_.empty() ? 0 : blocks_.back().size;
  used_ = 0;
  last_ = 0;
}

void TokenList::Clear() {
  tokens_.clear();
  arena_.Clear();
}

void TokenList::Append(const Token& token) {
  tokens_.push_back(token);
  tokens_.back().data = arena_.Copy(token.text()).data();
}

void TokenList::Append(absl::Span<const Token> tokens) {
  tokens_.reserve(tokens_.size() + tokens.size());
  for (const Token& token : tokens) Append(token);
}

std::string JoinTokens(absl::Span<const Token> tokens, char blank) {
  std::string joined;
  JoinTokens(tokens, blank, joined);
  return joined;
}

void JoinTokens(absl::Span<const Token> tokens, char blank, std::string& joined) {
  size_t size = tokens.size();
  for (const Token& token : tokens) size += token.size;
  joined.clear();
  joined.reserve(size);
  bool after_word = false;
  for (const Token& token : tokens) {
    const bool word = token.kind == Token::Kind::kWord;
    if (after_word && word) joined.push_back(blank);
    joined.append(token.data, token.size);
    after_word = word;
  }
}

namespace {

// One character in the notation of sendmail's traces.
void ShowCharacter(uint8_t c, std::string& shown) {
  // Operators inside sendmail, from 0x80 on; a blank: none. The first and that of $digit are shown
  // without what follows them.
  constexpr absl::string_view kOperators = "  &  ()         *+-=~ #@:>?|.[]";
  constexpr uint8_t kMacro = 0x81, kReplacement = 0x95;
  const size_t number = c - size_t{0x80};
  if (c == kMacro || c == kReplacement) {
    shown += '$';
    return;
  }
  if (c >= 0x80 && number < kOperators.size() && kOperators[number] != ' ') {
    shown += '$';
    shown += kOperators[number];
    return;
  }
  if (c >= 0x80) {
    shown += "M-";
    c &= 0x7f;
  }
  switch (c) {
    case '\n':
      shown += "\\n";
      return;
    case '\r':
      shown += "\\r";
      return;
    case '\t':
      shown += "\\t";
      return;
    default:
      break;
  }
  if (c < 0x20 || c == 0x7f) return;
  shown.push_back(static_cast<char>(c));
}

}  // namespace

void AppendShown(absl::string_view characters, std::string& out) {
  const auto is_plain = [](char c) { return c >= ' ' && c < '\x7f'; };
  if (std::all_of(characters.begin(), characters.end(), is_plain)) {
    out.append(characters.data(), characters.size());
    return;
  }
  for (const char c : characters) ShowCharacter(static_cast<uint8_t>(c), out);
}

void AppendShown(const Token& token, std::string& out) {
  absl::string_view text = token.text();
  if (token.plain) {
    out.append(text.data(), text.size());
    return;
  }
  // What quotes other characters is gone from tokens, as far as anybody sees.
  for (size_t at = text.find('\xff'); at != text.npos; at = text.find('\xff')) {
    AppendShown(text.substr(0, at), out);
    text.remove_prefix(at + 1);
  }
  AppendShown(text, out);
}

void AppendShownLine(const LineBeginning& beginning, absl::Span<const Token> tokens,
                     std::string& out) {
  const absl::string_view name = beginning.name.substr(0, beginning.width);
  out.append(name.data(), name.size());
  out.append(beginning.width - name.size(), ' ');
  out.append(beginning.words.data(), beginning.words.size());
  for (const Token& token : tokens) {
    out.push_back(' ');
    AppendShown(token, out);
  }
  out.push_back('\n');
}

std::string ShowTokens(absl::Span<const Token> tokens) {
  std::string shown;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i > 0) shown.push_back(' ');
    AppendShown(tokens[i], shown);
  }
  return shown;
}

}  // namespace stagepost
