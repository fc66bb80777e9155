// Classes: sets of words, $=x. Operations Guide, 5.3.
//
// A word may be several tokens long ("corp.example"); words are compared without regard to case,
// and are shown as they were first written.
#ifndef STAGEPOST_MTA_CF_CLASSES_H_
#define STAGEPOST_MTA_CF_CLASSES_H_

#include <set>
#include <string>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/strings/string_view.h"
#include "mta/cf/names.h"

namespace stagepost {

class Classes {
 public:
  Classes() = default;
  // Words refer to each other.
  Classes(const Classes&) = delete;
  Classes& operator=(const Classes&) = delete;

  void Add(NameId name, absl::string_view word);
  // Does not allocate.
  bool Contains(NameId name, absl::string_view word) const;
  // Length of the longest word of the class, in bytes; 0: the class is empty.
  size_t longest_word(NameId name) const;
  // As first written, in whatever class, sorted by bytes. Valid as long as this is.
  std::vector<absl::string_view> Words(NameId name) const;
  // Grows with every change of any class; whoever has compiled classes into something compares it.
  uint64_t version() const { return version_; }

 private:
  // By their lower-case forms; letters of ASCII only.
  struct LessIgnoringCase {
    using is_transparent = void;
    bool operator()(absl::string_view a, absl::string_view b) const;
  };
  struct Class {
    absl::btree_set<absl::string_view, LessIgnoringCase> words;  // each one of spellings_
    size_t longest = 0;
  };

  const Class* Find(NameId name) const;

  // Of all classes: as each was first written. Nodes stay where they are.
  std::set<std::string, LessIgnoringCase> spellings_;
  std::vector<Class> classes_;  // by NameId
  uint64_t version_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_CF_CLASSES_H_
