// Macro names and what they stand for.
#ifndef STAGEPOST_MTA_M4_SYMBOLS_H_
#define STAGEPOST_MTA_M4_SYMBOLS_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "mta/m4/builtin_table.h"

namespace stagepost {

// What a macro stands for. Shared, since a call keeps the meaning its macro had when it began.
struct M4Definition {
  std::string text;
  std::optional<M4Builtin> builtin;  // then `text` means nothing
};

struct M4Symbol {
  std::string name;
  std::vector<std::shared_ptr<const M4Definition>> definitions;  // pushdef's stack, top at the back
  bool traced = false;
  uint64_t hash = 0;
  uint32_t next = 0;  // in the same bucket: a number, from 1; 0 is none

  bool defined() const { return !definitions.empty(); }
};

// All symbols by name. A symbol stays where it is for as long as the table lives, defined or not.
class M4SymbolTable {
 public:
  M4SymbolTable();

  // Null if there never was one. It may be undefined by now.
  M4Symbol* Find(absl::string_view name);
  M4Symbol& FindOrAdd(absl::string_view name);

  void Define(absl::string_view name, std::shared_ptr<const M4Definition> definition);
  void Push(absl::string_view name, std::shared_ptr<const M4Definition> definition);
  void Pop(absl::string_view name);
  void Undefine(absl::string_view name);

  void TraceNone();

  // The symbols that are defined, by name.
  std::vector<const M4Symbol*> Defined() const;

  // Bytes of all names, and of the texts that are defined, with an allowance for what holds them.
  uint64_t bytes() const { return bytes_; }

 private:
  void Grow();

  std::deque<M4Symbol> symbols_;   // number n is at n - 1
  std::vector<uint32_t> buckets_;  // a power of two; the first symbol's number
  uint64_t bytes_ = 0;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_M4_SYMBOLS_H_
