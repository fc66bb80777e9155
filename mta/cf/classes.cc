#include "mta/cf/classes.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace stagepost {

bool Classes::LessIgnoringCase::operator()(absl::string_view a, absl::string_view b) const {
  const size_t length = std::min(a.size(), b.size());
  for (size_t i = 0; i < length; ++i) {
    const char x = absl::ascii_tolower(static_cast<unsigned char>(a[i]));
    const char y = absl::ascii_tolower(static_cast<unsigned char>(b[i]));
    if (x != y) return x < y;
  }
  return a.size() < b.size();
}

void Classes::Add(NameId name, absl::string_view word) {
  const size_t index = static_cast<size_t>(name);
  if (index >= classes_.size()) classes_.resize(index + 1);
  Class& to = classes_[index];
  if (to.words.contains(word)) return;
  const auto spelling = spellings_.find(word);
  to.words.insert(spelling != spellings_.end() ? *spelling : *spellings_.emplace(word).first);
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
