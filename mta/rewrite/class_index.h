// The classes that rules ask for, in a form that compares phrases of tokens by their hashes.
//
// Only the classes that were asked for with Use() are here. Their words stay where they are, with
// the Classes, which outlives the index; after any change of it Refresh() comes before anything
// else.
#ifndef STAGEPOST_MTA_REWRITE_CLASS_INDEX_H_
#define STAGEPOST_MTA_REWRITE_CLASS_INDEX_H_

#include <deque>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/cf/classes.h"
#include "mta/cf/names.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

class IndexedClass {
 public:
  explicit IndexedClass(NameId name) : name_(name) {}

  NameId name() const { return name_; }
  void Read(const Classes& classes);

  // Whether the one token is a word of the class.
  bool Contains(const Token& token) const {
    return token.size <= longest_ && Has(token.hash, token.size, absl::MakeConstSpan(&token, 1), 0);
  }
  // How many tokens, from `from` on, make the shortest phrase of at least `least` tokens that is a
  // word of the class; 0: none do. `blank` stands between two words of a phrase.
  size_t ShortestPhrase(absl::Span<const Token> tokens, size_t from, size_t least,
                        char blank) const;

 private:
  struct Word {
    uint64_t hash = 0;
    absl::string_view text;  // the class's own; empty: a free place
  };
  bool Has(uint64_t hash, size_t size, absl::Span<const Token> phrase, char blank) const {
    if ((sizes_ >> size % 64 & 1) == 0) return false;
    for (size_t i = Place(hash); !words_[i].text.empty(); i = (i + 1) & mask_) {
      const Word& word = words_[i];
      if (word.hash == hash && word.text.size() == size && Same(word.text, phrase, blank)) {
        return true;
      }
    }
    return false;
  }
  size_t Place(uint64_t hash) const { return ((hash ^ (hash >> 29)) * kSpread >> 32) & mask_; }
  static bool Same(absl::string_view word, absl::Span<const Token> phrase, char blank);

  static constexpr uint64_t kSpread = 0xd6e8feb86659fd93;
  const NameId name_;
  std::vector<Word> words_;  // open addressing, at most half full
  size_t mask_ = 0;
  uint64_t sizes_ = 0;  // a bit for each size of a word, modulo 64
  size_t longest_ = 0;
};

class ClassIndex {
 public:
  explicit ClassIndex(const Classes& classes) : classes_(classes), version_(classes.version()) {}

  // Valid as long as the index.
  const IndexedClass* Use(NameId name);
  void Refresh();
  // Of the Classes, which may be newer than the index.
  uint64_t newest() const { return classes_.version(); }

 private:
  const Classes& classes_;
  uint64_t version_;
  std::deque<IndexedClass> used_;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_CLASS_INDEX_H_
