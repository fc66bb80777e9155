// What can be seen of tokens at a glance, so that most rules are done with before they are tried.
#ifndef STAGEPOST_MTA_REWRITE_OVERVIEW_H_
#define STAGEPOST_MTA_REWRITE_OVERVIEW_H_

#include <bit>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "mta/rewrite/tokens.h"

namespace stagepost {

// One bit of 64 for each token that is there once, twice, and for each two side by side.
struct Marks {
  uint64_t once = 0;
  uint64_t twice = 0;
  uint64_t pairs = 0;

  bool has_operators() const { return (once & uint64_t{1} << Token::kOperatorBit) != 0; }
};

// Makes the marks of tokens that are shown to it one after the other.
class Marker {
 public:
  void See(const Token& token) {
    const uint64_t mark = uint64_t{1} << token.bit;
    marks_.twice |= marks_.once & mark;
    marks_.once |= mark;
    marks_.pairs |= std::rotl(last_, token.turn);
    last_ = mark;
  }
  // What comes next does not stand beside the last one.
  void Part() { last_ = 0; }
  const Marks& marks() const { return marks_; }

 private:
  Marks marks_;
  uint64_t last_ = 0;
};

// Besides, how many tokens there are, and the hashes of the first and the last.
struct Overview {
  Marks marks = {};
  size_t count = 0;
  uint64_t first = 0;
  uint64_t last = 0;
};

// `marks` are those of `tokens`.
inline Overview MakeOverview(const Marks& marks, absl::Span<const Token> tokens) {
  if (tokens.empty()) return {};
  return {.marks = marks,
          .count = tokens.size(),
          .first = tokens.data()->hash,
          .last = tokens.data()[tokens.size() - 1].hash};
}

inline Overview OverviewOf(absl::Span<const Token> tokens) {
  Marker marker;
  for (const Token& token : tokens) marker.See(token);
  return MakeOverview(marker.marks(), tokens);
}

}  // namespace stagepost

#endif  // STAGEPOST_MTA_REWRITE_OVERVIEW_H_
