#include "mta/cf/classes.h"

#include <algorithm>
#include <array>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace stagepost {

size_t Classes::HashIgnoringCase::operator()(absl::string_view word) const {
  // Whole blocks, since absl's hash is seeded and quick only on several bytes at once.
  std::array<char, 64> lower;
  size_t hash = word.size();
  while (!word.empty()) {
    const size_t length = std::min(word.size(), lower.size());
    for (size_t i = 0; i < length; ++i) {
      lower[i] = absl::ascii_tolower(static_cast<unsigned char>(word[i]));
    }
    hash = absl::HashOf(hash, absl::string_view(lower.data(), length));
    word.remove_prefix(length);
  }
  return hash;
}

bool Classes::EqualIgnoringCase::operator()(absl::string_view a, absl::string_view b) const {
  return absl::EqualsIgnoreCase(a, b);
}

void Classes::Add(NameId name, absl::string_view word) {
  const size_t index = static_cast<size_t>(name);
  if (index >= classes_.size()) classes_.resize(index + 1);
  Class& to = classes_[index];
  if (to.words.contains(word)) return;
  to.words.insert(*spellings_.emplace(word).first);
  to.longest = std::max(to.longest, word.size());
  ++version_;
}

const Classes::Class* Classes::Find(NameId name) const {
  const size_t index = static_cast<size_t>(name);
  return index < classes_.size() ? &classes_[index] : nullptr;
}

bool Classes::Contains(NameId name, absl::string_view word) const {
  const Class* const in = Find(name);
  return in != nullptr && in->words.contains(word);
}

size_t Classes::longest_word(NameId name) const {
  const Class* const of = Find(name);
  return of == nullptr ? 0 : of->longest;
}

std::vector<absl::string_view> Classes::Words(NameId name) const {
  std::vector<absl::string_view> words;
  if (const Class* const of = Find(name); of != nullptr) {
    words.assign(of->words.begin(), of->words.end());
  }
  std::sort(words.begin(), words.end());
  return words;
}

}  // namespace stagepost
