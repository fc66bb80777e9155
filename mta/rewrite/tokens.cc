#include "mta/rewrite/tokens.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/match.h"

namespace stagepost {

bool SameCharacters(const Token& a, const Token& b) {
  const bool operators = a.kind >= Token::Kind::kOperator;
  if (operators != (b.kind >= Token::Kind::kOperator)) return false;
  if (operators) return a.kind == b.kind && a.text() == b.text();
  // The hash of one character tells which one it is.
  return a.size == 1 || a.data == b.data || absl::EqualsIgnoreCase(a.text(), b.text());
}

char* TokenArena::Allocate(size_t size) {
  if (blocks_.empty() || blocks_.back().size - used_ < size) {
    const size_t block = std::max(size, kBlockBytes);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(block), block});
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
  for (const Token& token : tokens) Append(token);
}

std::string JoinTokens(absl::Span<const Token> tokens, char blank) {
  size_t size = tokens.size();
  for (const Token& token : tokens) size += token.size;
  std::string joined;
  joined.reserve(size);
  bool after_word = false;
  for (const Token& token : tokens) {
    const bool word = token.kind == Token::Kind::kWord;
    if (after_word && word) joined.push_back(blank);
    joined.append(token.data, token.size);
    after_word = word;
  }
  return joined;
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
  // What quotes other characters is gone from tokens, as far as anybody sees.
  for (size_t at = text.find('\xff'); at != text.npos; at = text.find('\xff')) {
    AppendShown(text.substr(0, at), out);
    text.remove_prefix(at + 1);
  }
  AppendShown(text, out);
}

void AppendShownTokens(absl::Span<const Token> tokens, std::string& out) {
  for (const Token& token : tokens) {
    out.push_back(' ');
    AppendShown(token, out);
  }
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
