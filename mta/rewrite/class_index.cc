#include "mta/rewrite/class_index.h"

#include "absl/strings/match.h"

namespace stagepost {

void IndexedClass::Read(const Classes& classes) {
  words_.clear();
  sizes_ = 0;
  longest_ = classes.longest_word(name_);
  const std::vector<absl::string_view> words = classes.Words(name_);
  if (words.empty()) return;
  size_t places = 4;
  while (places < 2 * words.size()) places *= 2;
  words_.resize(places);
  mask_ = places - 1;
  for (const absl::string_view word : words) {
    if (word.empty()) continue;
    sizes_ |= uint64_t{1} << word.size() % 64;
    const uint64_t hash = CaselessHash(word).value();
    size_t i = Place(hash);
    while (!words_[i].text.empty()) i = (i + 1) & mask_;
    words_[i] = {hash, word};
  }
}

size_t IndexedClass::ShortestPhrase(absl::Span<const Token> tokens, size_t from, size_t least,
                                    char blank) const {
  CaselessHash hash;
  size_t size = 0;
  for (size_t i = from; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    const bool spaced =
        i > from && token.kind == Token::Kind::kWord && tokens[i - 1].kind == Token::Kind::kWord;
    size += token.size + (spaced ? 1 : 0);
    if (size > longest_) return 0;
    if (spaced) hash.Add(blank);
    hash.Add(token.phrase_hash());
    const size_t count = i - from + 1;
    if (count >= least && Has(hash.value(), size, tokens.subspan(from, count), blank)) return count;
  }
  return 0;
}

bool IndexedClass::Same(absl::string_view word, absl::Span<const Token> phrase, char blank) {
  bool after_word = false;
  for (const Token& token : phrase) {
    const bool is_word = token.kind == Token::Kind::kWord;
    if (after_word && is_word) {
      if (word.empty() || word[0] != blank) return false;
      word.remove_prefix(1);
    }
    if (!absl::EqualsIgnoreCase(word.substr(0, token.size), token.text())) return false;
    word.remove_prefix(token.size);
    after_word = is_word;
  }
  return word.empty();
}

const IndexedClass* ClassIndex::Use(NameId name) {
  for (const IndexedClass& used : used_) {
    if (used.name() == name) return &used;
  }
  used_.emplace_back(name).Read(classes_);
  return &used_.back();
}

void ClassIndex::Refresh() {
  if (version_ == classes_.version()) return;
  version_ = classes_.version();
  for (IndexedClass& used : used_) used.Read(classes_);
}

}  // namespace stagepost
