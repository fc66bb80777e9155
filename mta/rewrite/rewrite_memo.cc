#include "mta/rewrite/rewrite_memo.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace stagepost {
namespace {

// Of a token that comes of an application: a rule wrote it.
constexpr uint8_t kOfRule = 0xff;

// What $&x gives; nullopt: it is put together, which is not remembered.
std::optional<absl::string_view> PlainValue(const Macros& macros, NameId name) {
  const Text* const value = macros.Find(name);
  if (value == nullptr || value->empty()) return absl::string_view();
  if (value->size() > 1 || (*value)[0].kind != Piece::Kind::kCharacters) return std::nullopt;
  return absl::string_view((*value)[0].characters);
}

bool IsSame(const Token& a, const Token& b) {
  return a.hash == b.hash && a.size == b.size && a.kind == b.kind && a.op == b.op &&
         a.digit == b.digit && a.name == b.name && a.ruleset == b.ruleset &&
         (a.size == 1 ? *a.data == *b.data : memcmp(a.data, b.data, a.size) == 0);
}

uint64_t HashOf(int ruleset, absl::Span<const Token> tokens) {
  constexpr uint64_t kFactor = 0x9e3779b97f4a7c15;
  uint64_t hash = ruleset;
  for (const Token& token : tokens) hash = (hash ^ token.hash) * kFactor;
  return hash;
}

size_t SetOf(uint64_t hash, size_t sets) { return (hash >> 32) % sets; }

}  // namespace

struct RewriteMemo::Entry {
  struct Value {
    NameId name{};
    std::string text;
  };
  Key key;
  size_t count = 0;
  size_t result_count = 0;
  size_t value_count = 0;
  std::array<Token, kMostTokens> tokens;
  std::array<char, kMostCharacters> characters;  // of these tokens
  std::array<Token, kMostTokens> results;
  std::array<uint8_t, kMostTokens> sources;     // which of the tokens a result is
  std::array<const char*, kMostTokens> places;  // of the tokens' characters where they came from
  std::array<Value, MacrosAsked::kMost> values;
};

RewriteMemo::RewriteMemo() = default;
RewriteMemo::~RewriteMemo() = default;

bool RewriteMemo::Recall(int ruleset, uint64_t classes, TokenList& tokens, const Macros& macros) {
  is_noted_ = false;
  if (tokens.size() > kMostTokens) return false;
  const Key key = {ruleset, classes, HashOf(ruleset, tokens)};
  Set& set = sets_[SetOf(key.hash, kSets)];
  for (size_t i = 0; i < set.size(); ++i) {
    if (set[i] == nullptr || !IsFor(*set[i], key, tokens, macros)) continue;
    std::swap(set[0], set[i]);
    Put(*set[0], tokens);
    return true;
  }
  Note(key, tokens);
  return false;
}

bool RewriteMemo::IsFor(const Entry& entry, const Key& key, absl::Span<const Token> tokens,
                        const Macros& macros) {
  if (entry.key.hash != key.hash || entry.key.ruleset != key.ruleset ||
      entry.key.classes != key.classes || entry.count != tokens.size()) {
    return false;
  }
  for (size_t i = 0; i < entry.count; ++i) {
    if (!IsSame(entry.tokens[i], tokens[i])) return false;
  }
  for (size_t i = 0; i < entry.value_count; ++i) {
    if (PlainValue(macros, entry.values[i].name) != entry.values[i].text) return false;
  }
  return true;
}

void RewriteMemo::Put(const Entry& entry, TokenList& tokens) {
  std::array<Token, kMostTokens> results;
  for (size_t i = 0; i < entry.result_count; ++i) {
    const uint8_t source = entry.sources[i];
    results[i] = source == kOfRule ? entry.results[i] : tokens[source];
  }
  tokens.tokens().assign(results.begin(), results.begin() + entry.result_count);
}

void RewriteMemo::Note(const Key& key, absl::Span<const Token> tokens) {
  size_t characters = 0;
  for (const Token& token : tokens) {
    // One without characters cannot be told from its neighbour by their place.
    if (token.size == 0) return;
    characters += token.size;
  }
  if (characters > kMostCharacters) return;
  if (noted_ == nullptr) noted_ = std::make_unique<Entry>();
  noted_->key = key;
  noted_->count = tokens.size();
  char* to = noted_->characters.data();
  for (size_t i = 0; i < tokens.size(); ++i) {
    noted_->places[i] = tokens[i].data;
    noted_->tokens[i] = tokens[i];
    noted_->tokens[i].data = to;
    memcpy(to, tokens[i].data, tokens[i].size);
    to += tokens[i].size;
  }
  is_noted_ = true;
}

void RewriteMemo::Remember(const TokenList& tokens, const MacrosAsked& asked,
                           const Macros& macros) {
  if (!is_noted_ || asked.too_many || tokens.size() > kMostTokens) return;
  is_noted_ = false;
  Entry& entry = *noted_;
  const char* const* const places = entry.places.data();
  const char* const* const end = places + entry.count;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    const char* const* const source = std::find(places, end, token.data);
    // What came from a macro's value is gone when the list is.
    if (source == end && tokens.arena().Owns(token.data)) return;
    if (source != end && entry.tokens[source - places].size != token.size) return;
    entry.sources[i] = source == end ? kOfRule : static_cast<uint8_t>(source - places);
    entry.results[i] = token;
  }
  entry.result_count = tokens.size();
  for (size_t i = 0; i < asked.count; ++i) {
    const std::optional<absl::string_view> value = PlainValue(macros, asked.names[i]);
    if (!value.has_value() || value->size() > kMostCharacters) return;
    entry.values[i].name = asked.names[i];
    entry.values[i].text.assign(value->data(), value->size());
  }
  entry.value_count = asked.count;
  Set& set = sets_[SetOf(entry.key.hash, kSets)];
  std::swap(set[0], set[1]);
  std::swap(set[0], noted_);
}

}  // namespace stagepost
