// What rulesets have made of tokens lately, so that it need not be found out again.
//
// The same address is rewritten many times: for the session that takes a message, for its delivery,
// for the next message to the same person. An application of a ruleset is remembered if it asked no
// map and had nothing to say: then what it gives depends on its tokens, on the classes and on the
// macros that it asked for ($&x), and whoever comes with the same gets the same. A few hundred
// applications to short lists of tokens are kept; the oldest of two that want one place goes.
#ifndef STAGEPOST_MTA_REWRITE_REWRITE_MEMO_H_
#define STAGEPOST_MTA_REWRITE_REWRITE_MEMO_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "mta/cf/macros.h"
#include "mta/rewrite/pattern.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

class RewriteMemo {
 public:
  RewriteMemo();
  ~RewriteMemo();

  // Puts in the place of `tokens` what came of them, if it is known. If not, they are noted, for
  // Remember(). `classes`: the version of all of them.
  bool Recall(int ruleset, uint64_t classes, TokenList& tokens, const Macros& macros);
  // The application that was not known has given `tokens`, and asked for these macros only.
  // REQUIRES: nothing has been recalled since.
  void Remember(const TokenList& tokens, const MacrosAsked& asked, const Macros& macros);

 private:
  static constexpr size_t kMostTokens = 24;
  static constexpr size_t kMostCharacters = 224;
  static constexpr size_t kSets = 128;
  struct Entry;
  struct Key {
    int ruleset = -1;
    uint64_t classes = 0;
    uint64_t hash = 0;
  };
  using Set = std::array<std::unique_ptr<Entry>, 2>;  // what was used last comes first

  static bool IsFor(const Entry& entry, const Key& key, absl::Span<const Token> tokens,
                    const Macros& macros);
  static void Put(const Entry& entry, TokenList& tokens);
  void Note(const Key& key, absl::Span<const Token> tokens);

  std::array<Set, kSets> sets_;
  std::unique_ptr<Entry> noted_;  // without what came of it
  bool is_noted_ = false;
};

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_REWRITE_MEMO_H_
